using System.Text.Json;
using System.Text.RegularExpressions;
using Avocet.Server;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Cli.Tests.Clients;

/// <summary><c>avocet pub</c> and <c>avocet sub</c>, with mosquitto_pub and mosquitto_sub at the other end.</summary>
public sealed partial class PublishSubscribeTests
{
    private static readonly ListenerOptions Listener = new() { Name = "tcp", Port = ListenPort.Auto };

    /// <summary>Formats that both have, without times, and without widths of %x: there mosquitto_sub 2.0.11 leaves out a part of the payload.</summary>
    private const string Format = @"[%t][%10t][%-10t][%.3t][%5.2t][%l][%05l][%5l][%-5l][%x][%X][%q][%r][%p][%40p][%-40p][%C][%R][%D][%E][%F][%P]\t%% @@ \\";

    private static readonly string[] Properties =
    [
        "-D", "publish", "content-type", "text/plain", "-D", "publish", "response-topic", "r/t", "-D", "publish", "correlation-data", "abc",
        "-D", "publish", "user-property", "k", "v", "-D", "publish", "payload-format-indicator", "1",
    ];

    [Fact]
    public async Task Formats_are_those_of_mosquitto_sub()
    {
        await using var server = await TestServer.StartAsync(Listener);
        var port = server.PortOf("tcp");
        await using var theirs = ToolProcess.Mosquitto("mosquitto_sub", port, "-V", "mqttv5", "-d", "-q", "1", "-t", "f/#", "-C", "4", "-F", Format);
        await using var ours = ToolProcess.Avocet(port, "sub", "-V", "mqttv5", "-d", "-q", "1", "-t", "f/#", "-C", "4", "-F", Format);
        await theirs.WaitForLineAsync("Subscribed");
        await ours.WaitForLineAsync("Subscribed");

        await ToolProcess.PublishAsync(port, ["-V", "mqttv5", "-q", "1", "-t", "f/properties", "-m", "22.5", .. Properties]);
        await ToolProcess.PublishAsync(port, "-t", "f/a", "-m", "he said \"hi\" äö");
        await ToolProcess.PublishAsync(port, "-t", "f/b", "-n");
        await ToolProcess.PublishAsync(port, "-t", "f/long/topic/of/levels", "-q", "2", "-m", "-x");

        await theirs.WaitForSuccessAsync();
        await ours.WaitForSuccessAsync();
        Assert.Equal(Formatted(theirs), Formatted(ours));
        Assert.Equal(4, Formatted(ours).Count);

        static List<string> Formatted(ChildProcess process) => [.. process.Output.Split('\n').Where(line => line.StartsWith('['))];
    }

    [Fact]
    public async Task Json_is_that_of_mosquitto_sub()
    {
        await using var server = await TestServer.StartAsync(Listener);
        var port = server.PortOf("tcp");
        await using var theirs = ToolProcess.Mosquitto("mosquitto_sub", port, "-V", "mqttv5", "-d", "-t", "f/#", "-C", "3", "-F", "%j");
        await using var ours = ToolProcess.Avocet(port, "sub", "-d", "f/#", "-C", "3", "--json");
        await theirs.WaitForLineAsync("Subscribed");
        await ours.WaitForLineAsync("Subscribed");

        await ToolProcess.PublishAsync(port, ["-V", "mqttv5", "-t", "f/properties", "-m", """{"t": 22.5}""", .. Properties]);
        await ToolProcess.PublishAsync(port, "-t", "f/a", "-m", "he said \"hi\" äö\ttab");
        await ToolProcess.PublishAsync(port, "-t", "f/b", "-n");

        await theirs.WaitForSuccessAsync();
        await ours.WaitForSuccessAsync();
        Assert.Equal(Objects(theirs), Objects(ours));
        Assert.Equal(3, Objects(ours).Count);

        // All but the time, and with the properties in any order.
        static List<string> Objects(ChildProcess process) =>
            [.. process.Output.Split('\n').Where(line => line.StartsWith('{')).Select(line => Canonical(JsonDocument.Parse(line).RootElement))];

        static string Canonical(JsonElement element) => element.ValueKind == JsonValueKind.Object
            ? string.Join(',', element.EnumerateObject().Where(property => property.Name != "tst").OrderBy(property => property.Name, StringComparer.Ordinal).Select(property => $"{property.Name}:{Canonical(property.Value)}"))
            : element.ToString();
    }

    [Theory]
    [InlineData("5", "0")]
    [InlineData("5", "2")]
    [InlineData("311", "1")]
    public async Task Published_message_comes_to_mosquitto_sub(string version, string qos)
    {
        await using var server = await TestServer.StartAsync(Listener);
        var port = server.PortOf("tcp");
        await using var subscriber = ToolProcess.Mosquitto("mosquitto_sub", port, "-V", "mqttv5", "-d", "-q", "2", "-t", "home/#", "-C", "1", "-F", "%t %q %r %p");
        await subscriber.WaitForLineAsync("Subscribed");

        await using var publisher = ToolProcess.Avocet(port, "pub", "-V", version, "-q", qos, "-t", "home/x", "-m", "-5 degrees");

        Assert.Equal("", await publisher.WaitForSuccessAsync());
        await subscriber.WaitForLineAsync($"home/x {qos} 0 -5 degrees");
    }

    [Fact]
    public async Task Properties_and_will_arrive()
    {
        await using var server = await TestServer.StartAsync(Listener);
        var port = server.PortOf("tcp");
        await using var subscriber = ToolProcess.Mosquitto("mosquitto_sub", port, "-V", "mqttv5", "-d", "-t", "home/#", "-C", "2", "-F", "%t %C %R %D %P %p");
        await subscriber.WaitForLineAsync("Subscribed");

        await using (var publisher = ToolProcess.Avocet(port, ["pub", "home/x", "22.5", .. Properties])) await publisher.WaitForSuccessAsync();
        await subscriber.WaitForLineAsync("home/x text/plain r/t abc k:v 22.5");

        await using (var dying = ToolProcess.Avocet(port, "sub", "-d", "x", "--will-topic", "home/will", "--will-payload", "gone", "-D", "will", "content-type", "a/b"))
        {
            // Disposing kills it, so it cannot say DISCONNECT.
            await dying.WaitForLineAsync("Subscribed");
        }

        await subscriber.WaitForLineAsync("home/will a/b");
    }

    [Fact]
    public async Task Lines_of_standard_input_are_messages_in_order()
    {
        await using var server = await TestServer.StartAsync(Listener);
        var port = server.PortOf("tcp");
        await using var subscriber = ToolProcess.Mosquitto("mosquitto_sub", port, "-d", "-q", "1", "-t", "log", "-C", "300", "-F", "line %p");
        await subscriber.WaitForLineAsync("Subscribed");

        await ToolProcess.PipeAsync(string.Concat(Enumerable.Range(1, 300).Select(number => $"{number}\n")), port, "pub", "-t", "log", "-l", "-q", "1");

        await subscriber.WaitForSuccessAsync();
        var lines = subscriber.Output.Split('\n').Where(line => line.StartsWith("line ", StringComparison.Ordinal));
        Assert.Equal(Enumerable.Range(1, 300).Select(number => $"line {number}"), lines);
    }

    [Fact]
    public async Task File_standard_input_and_nothing_are_sent()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("payload", "from\na file");
        await using var server = await TestServer.StartAsync(Listener);
        var port = server.PortOf("tcp");
        await using var subscriber = ToolProcess.Avocet(port, "sub", "-d", "-t", "a", "-C", "3", "-F", "<%x>");
        await subscriber.WaitForLineAsync("Subscribed");

        await using (var publisher = ToolProcess.Avocet(port, "pub", "a", "-f", file)) await publisher.WaitForSuccessAsync();
        await ToolProcess.PipeAsync("from\nstdin", port, "pub", "-t", "a", "-s");
        await using (var publisher = ToolProcess.Avocet(port, "pub", "a", "-n")) await publisher.WaitForSuccessAsync();

        await subscriber.WaitForSuccessAsync();
        string[] due = [Hex("from\na file"), Hex("from\nstdin"), "<>"];
        Assert.Equal(due, subscriber.Output.Split('\n').Where(line => line.StartsWith('<')));

        static string Hex(string text) => $"<{Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(text))}>";
    }

    [Fact]
    public async Task Session_of_an_id_keeps_messages_for_the_next_run()
    {
        await using var server = await TestServer.StartAsync(Listener);
        var port = server.PortOf("tcp");
        await using (var first = ToolProcess.Avocet(port, "sub", "-i", "keeper", "-c", "-q", "1", "a", "-E")) await first.WaitForSuccessAsync();
        await ToolProcess.PublishAsync(port, "-t", "a", "-m", "meanwhile", "-q", "1");

        await using var second = ToolProcess.Avocet(port, "sub", "-i", "keeper", "-c", "-q", "1", "a", "-C", "1");

        Assert.Equal("meanwhile", await second.WaitForSuccessAsync());
    }

    [Fact]
    public async Task Retained_messages_are_left_out_shown_alone_and_removed()
    {
        await using var server = await TestServer.StartAsync(Listener);
        var port = server.PortOf("tcp");
        await ToolProcess.PublishAsync(port, "-t", "old/a", "-m", "1", "-r");
        await ToolProcess.PublishAsync(port, "-t", "old/b", "-m", "2", "-r");

        await using (var remover = ToolProcess.Avocet(port, "sub", "old/#", "-T", "old/b", "--remove-retained", "-v", "-C", "1"))
        {
            Assert.Equal("old/a 1", await remover.WaitForSuccessAsync());
        }

        await using var left = ToolProcess.Avocet(port, "sub", "old/#", "--retained-only", "-v", "-C", "1");
        Assert.Equal("old/b 2", await left.WaitForSuccessAsync());
        await using var fresh = ToolProcess.Avocet(port, "sub", "old/#", "-R", "-W", "0.5");
        Assert.Equal(27, await fresh.WaitForExitAsync());
        Assert.Equal("", fresh.Output);
    }

    [Fact]
    public async Task Time_over_ends_with_27()
    {
        await using var server = await TestServer.StartAsync(Listener);
        await using var process = ToolProcess.Avocet(server.PortOf("tcp"), "sub", "-t", "never", "-W", "0.2");

        Assert.Equal(27, await process.WaitForExitAsync());
    }

    [Fact]
    public async Task Refusal_ends_with_the_code_of_connack()
    {
        await using var server = await TestServer.StartAsync(Listener with { AllowAnonymous = false });
        await using var process = ToolProcess.Avocet(server.PortOf("tcp"), "pub", "a", "b", "-V", "5");

        Assert.Equal(135, await process.WaitForExitAsync());
        Assert.Single(process.ErrorLines);
    }

    [Theory]
    [InlineData("There is no topic filter; give one, such as avocet sub 'home/#'.", "sub")]
    [InlineData("--qos is 3; it is 0, 1 or 2.", "sub", "a", "-q", "3")]
    [InlineData("What to send is given once: a message, --file, --stdin-line, --stdin-file or --null-message. See 'avocet pub --help'.", "pub", "a", "-m", "b", "-n")]
    [InlineData("-D publish color: its properties are content-type, response-topic, correlation-data, message-expiry-interval, payload-format-indicator, user-property.", "pub", "a", "b", "-D", "publish", "color", "red")]
    [InlineData("-F '%k' has no field at its position 2; fields are %A %C %D %E %F %I %J %P %R %S %U %X %j %l %m %p %q %r %t %x %%.", "sub", "a", "-F", "%k")]
    public async Task Mistake_is_told_in_a_line(string problem, params string[] arguments)
    {
        await using var server = await TestServer.StartAsync(Listener);
        await using var process = ToolProcess.Avocet(server.PortOf("tcp"), arguments);

        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.Equal([$"avocet: {problem}"], process.ErrorLines);
    }

    [Fact]
    public async Task Broker_that_is_not_there_is_told_in_a_line()
    {
        await using var process = ToolProcess.Avocet(1, "pub", "a", "b");

        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.Matches(Unreachable(), Assert.Single(process.ErrorLines));
    }

    [GeneratedRegex(@"^avocet: .*127\.0\.0\.1:1.* cannot be reached: Connection refused")]
    private static partial Regex Unreachable();
}
