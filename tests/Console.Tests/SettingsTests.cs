using System.Text.RegularExpressions;
using Avocet.Server.Tests.Support;
using Avocet.WebConsole.Tests.Support;
using Microsoft.Playwright;
using Xunit;

namespace Avocet.WebConsole.Tests;

/// <summary>The settings of a broker with TLS listeners.</summary>
public sealed partial class SettingsTests(ConsoleFixture fixture)
{
    [Fact]
    public async Task Certificates_are_shown_with_their_ends_and_those_that_end_soon_need_attention()
    {
        using var folder = new TemporaryFolder();
        using var certificates = new TestCertificates();
        // Half a day more, so that the day does not change meanwhile.
        var soon = certificates.WritePem(folder, "soon", DateTimeOffset.UtcNow.AddDays(5.5), "soon.example.org", "mqtt.example.org");
        var ended = certificates.WritePem(folder, "ended", DateTimeOffset.UtcNow.AddHours(-1), "old.example.org");
        string[] settings =
        [
            "listener.tls.transport=tls", "listener.tls.port=auto", $"listener.tls.certificate.0.file={soon.File}", $"listener.tls.certificate.0.key_file={soon.KeyFile}",
            "listener.old.transport=tls", "listener.old.port=auto", $"listener.old.certificate.0.file={ended.File}", $"listener.old.certificate.0.key_file={ended.KeyFile}",
        ];
        await using var process = await AvocetProcess.ServeAsync(["--console-port", "auto", "--data", folder.Path, .. settings.SelectMany(setting => new[] { "--set", setting })]);
        await using var page = await fixture.OpenAnonymousAsync(SetupLink().Match(await process.WaitForLineAsync("/setup#")).Value);
        await page.SetUpAsync("anna");

        await page.SeesAsync("The certificate of listener old has expired. Renew it and reload the configuration.");
        await page.SeesAsync("The certificate of listener tls expires in 5 days.");
        await page.Link("Settings").First.ClickAsync();
        var table = page.Page.GetByRole(AriaRole.Region, new() { Name = "Certificates" });
        await Assertions.Expect(table.GetByRole(AriaRole.Row).Filter(new() { HasText = "CN=soon.example.org" })).ToHaveTextAsync(new Regex(@"^\s*tls\s*CN=soon\.example\.org\s*soon\.example\.org, mqtt\.example\.org, 127\.0\.0\.1\s*CN=Avocet test authority\s*\d.* in 5 days\s*$"));
        await Assertions.Expect(table.GetByRole(AriaRole.Row).Filter(new() { HasText = "CN=old.example.org" })).ToHaveTextAsync(new Regex(@"^\s*old\s*CN=old\.example\.org.*expired\s*$"));
        Assert.Empty(await page.FindBarriersAsync());
    }

    [GeneratedRegex(@"https?://[0-9.:]+/setup#\S+")]
    private static partial Regex SetupLink();
}
