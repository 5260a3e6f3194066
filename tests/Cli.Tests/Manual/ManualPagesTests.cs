using System.CommandLine;
using Avocet.Cli.Manual;
using Xunit;

namespace Avocet.Cli.Tests.Manual;

/// <summary>The manual pages of a small tree of commands; tests/Packages.Tests reads those of the whole program with man.</summary>
public sealed class ManualPagesTests
{
    private readonly RootCommand _root = new("A program.");

    [Fact]
    public void Command_with_options_has_a_page_with_names_defaults_and_choices()
    {
        var color = new Option<string>("--color", "-c") { Description = "The colour.", HelpName = "colour", DefaultValueFactory = _ => "red" };
        color.AcceptOnlyFromAmong("red", "green");
        _root.Subcommands.Add(new Command("paint", "Paint it. Slowly.") { color, new Option<bool>("--twice") { Description = "Do it again." }, new Argument<string>("wall") });

        var page = Page("avocet-paint");

        Assert.Contains(".SH NAME\navocet\\-paint \\- Paint it\n", page, StringComparison.Ordinal);
        Assert.Contains("\\fBavocet paint\\fR [\\fIoptions\\fR] \\fIwall\\fR\n", page, StringComparison.Ordinal);
        Assert.Contains(".TP\n\\fB\\-\\-color\\fR, \\fB\\-c\\fR \\fIcolour\\fR\nThe colour.\nOne of green, red.\nDefault: red.\n", page, StringComparison.Ordinal);
        Assert.Contains(".TP\n\\fB\\-\\-twice\\fR\nDo it again.\n.", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Hidden_command_and_option_are_in_no_page()
    {
        var command = new Command("paint", "Paint it.") { new Option<bool>("--secret") { Hidden = true } };
        _root.Subcommands.Add(command);
        _root.Subcommands.Add(new Command("complete", "For scripts.") { Hidden = true });

        var pages = new ManualPages(_root, "2026-11-28").All().ToList();

        Assert.Equal(["avocet", "avocet-paint"], pages.Select(page => page.Name));
        Assert.All(pages, page => Assert.DoesNotContain("secret", page.Text, StringComparison.Ordinal));
        Assert.DoesNotContain("complete", pages[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Line_that_would_be_a_request_stands_for_itself()
    {
        _root.Subcommands.Add(new Command("paint", ".SH \\fBno heading"));

        Assert.Contains("\n\\&.SH \\(rsfBno heading\n", Page("avocet-paint"), StringComparison.Ordinal);
    }

    private string Page(string name) => new ManualPages(_root, "2026-11-28").All().Single(page => page.Name == name).Text;
}
