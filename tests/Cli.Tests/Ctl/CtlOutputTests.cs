using System.Text.Json;
using Avocet.Cli.Ctl;
using Xunit;

namespace Avocet.Cli.Tests.Ctl;

/// <summary>How answers of the API are shown to people.</summary>
public sealed class CtlOutputTests
{
    [Fact]
    public void Column_that_a_row_does_not_have_stays_in_its_place()
    {
        Assert.Equal(["a  b  c", "1     3", "1  x  3"], Show("""[{"a":1,"c":3},{"a":1,"b":"x","c":3}]"""));
    }

    [Fact]
    public void Numbers_stand_at_the_right_and_times_are_short()
    {
        Assert.Equal(
            ["name  count  made_at", "a         5  2026-11-28 18:06:12Z", "bb     1234"],
            Show("""{"items":[{"name":"a","count":5,"made_at":"2026-11-28T18:06:12.2493100+00:00"},{"name":"bb","count":1234}],"next":null}"""));
    }

    [Fact]
    public void Text_of_others_is_shown_as_it_is_but_for_control_characters()
    {
        Assert.Equal(["client_id  2026-11-28T18:06:12Z?[2J"], Show("{\"client_id\":\"2026-11-28T18:06:12Z\\u001b[2J\"}"));
    }

    [Fact]
    public void List_inside_is_told_in_its_cell()
    {
        Assert.Equal(
            ["name  certificates", "tls   subject: CN=a, not_after: 2026-12-01 00:00:00Z; subject: CN=b, not_after: 2027-01-01 00:00:00Z", "tcp"],
            Show("""[{"name":"tls","certificates":[{"subject":"CN=a","not_after":"2026-12-01T00:00:00Z"},{"subject":"CN=b","not_after":"2027-01-01T00:00:00Z"}]},{"name":"tcp","certificates":[]}]"""));
    }

    [Fact]
    public void Columns_may_be_chosen_and_a_list_says_that_it_goes_on()
    {
        Assert.Equal(["c  a", "3  1", "These are the first 1 of 7."], Show("""{"items":[{"a":1,"b":2,"c":3}],"next":"x","total":7}""", "c", "a"));
    }

    private static string[] Show(string json, params string[] columns)
    {
        using var output = new StringWriter();
        CtlOutput.Write(output, JsonDocument.Parse(json).RootElement, columns.Length > 0 ? columns : null);
        return output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
