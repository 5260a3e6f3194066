using Avocet.Server.Configuration;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Server.Tests;

public sealed class ConfigurationReferenceTests
{
    private const string WriteSwitch = "AVOCET_WRITE_DOCS";

    [Fact]
    public void Reference_page_is_up_to_date()
    {
        var path = Repository.File("docs", "configuration.md");
        var page = ConfigurationReference.Write();
        if (Environment.GetEnvironmentVariable(WriteSwitch) == "1") File.WriteAllText(path, page);

        var written = File.Exists(path) ? File.ReadAllText(path) : "";
        Assert.True(page == written, $"docs/configuration.md does not tell what the keys are. Run the tests with {WriteSwitch}=1 and commit it.");
    }

    [Fact]
    public void Example_of_the_reference_page_is_valid()
    {
        var page = ConfigurationReference.Write();
        var start = page.IndexOf("```toml", StringComparison.Ordinal) + "```toml".Length;
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, page[start..page.IndexOf("```", start, StringComparison.Ordinal)]);
            Assert.Empty(ServerConfiguration.Read(new ConfigurationInput { FilePath = file }).Errors);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
