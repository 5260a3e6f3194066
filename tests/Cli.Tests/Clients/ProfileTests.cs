using Avocet.Cli.Clients;
using Avocet.Server;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Cli.Tests.Clients;

/// <summary>Profiles in the config file, passwords that are not on the command line, completion.</summary>
public sealed class ProfileTests
{
    [Fact]
    public async Task Profile_says_where_to_connect()
    {
        await using var server = await TestServer.StartAsync(new ListenerOptions { Name = "tcp", Port = ListenPort.Auto });
        using var folder = new TemporaryFolder();
        var password = folder.Write("password", "secret\n");
        var config = folder.Write("config.toml", $"""
            default = "home"

            [profile.home]
            url = "mqtt://127.0.0.1:{server.PortOf("tcp")}"
            username = "me"
            password-file = "{password}"
            """);
        var environment = new Dictionary<string, string> { ["AVOCET_CLI_CONFIG"] = config };
        await using (var publisher = AvocetProcess.Start(environment, "--profile", "home", "pub", "a", "kept", "-r", "-q", "1")) await publisher.WaitForSuccessAsync();

        await using var subscriber = AvocetProcess.Start(environment, "sub", "a", "-C", "1");

        Assert.Equal("kept", await subscriber.WaitForSuccessAsync());
    }

    [Theory]
    [InlineData("[profile.home]\nurll = \"x\"\n", "home", ":2: there is no key 'urll'; the nearest is url.")]
    [InlineData("[profile.home]\n", "hom", " has no profile 'hom'; the nearest is home.")]
    [InlineData("[home]\n", "home", ":1: [home] is not known; a profile begins with [profile.NAME].")]
    [InlineData("url = \n", "home", ":1: not valid TOML")]
    public async Task Mistake_in_the_file_is_told_with_its_line(string content, string profile, string problem)
    {
        using var folder = new TemporaryFolder();
        var config = folder.Write("config.toml", content);
        await using var process = AvocetProcess.Start(new Dictionary<string, string> { ["AVOCET_CLI_CONFIG"] = config }, "--profile", profile, "sub", "a");

        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.StartsWith($"avocet: {config}{problem}", Assert.Single(process.ErrorLines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pub -D publish user-property a b -m -5", "pub|-D=publish\u001Fuser-property\u001Fa\u001Fb|-m=-5")]
    [InlineData("pub -D publish content-type x topic -r", "pub|-D=publish\u001Fcontent-type\u001Fx|topic|-r")]
    [InlineData("--profile home sub -t -v -C 5", "--profile|home|sub|-t=-v|-C|5")]
    [InlineData("serve --port -5", "serve|--port|-5")]
    public void Words_are_read_as_mosquitto_reads_them(string given, string due)
    {
        var root = new System.CommandLine.RootCommand { new Commands.PublishCommand().Create(), new Commands.SubscribeCommand().Create(), Commands.ServeCommand.Create() };

        Assert.Equal(due.Split('|'), MosquittoArguments.Normalize(root, given.Split(' ')));
    }

    [Theory]
    [InlineData("conf", "config", "conformance")]
    [InlineData("simulate ", "energy", "farm", "smart-home")]
    [InlineData("sub --retain", "--retain-as-published", "--retain-handling", "--retained-only")]
    [InlineData("completion ", "bash", "fish", "pwsh", "zsh")]
    public async Task Completion_finds_commands_and_options(string line, params string[] due)
    {
        await using var process = AvocetProcess.Start(["complete", "--", .. line.Split(' ')]);

        var found = (await process.WaitForSuccessAsync()).Split('\n');

        Assert.All(due, name => Assert.Contains(name, found));
        Assert.All(found, name => Assert.True(name.StartsWith(line.Split(' ')[^1], StringComparison.Ordinal), name));
    }

    [Fact]
    public async Task Bash_completes_with_the_script()
    {
        var script = $"""
            PATH="{Path.GetDirectoryName(AvocetProcess.Program)}:$PATH"
            eval "$(avocet completion bash)"
            COMP_WORDS=(avocet sim); COMP_CWORD=1; _avocet; echo "${'{'}COMPREPLY[@]{'}'}"
            COMP_WORDS=(avocet simulate ''); COMP_CWORD=2; _avocet; echo "${'{'}COMPREPLY[0]{'}'}"
            """;
        await using var process = ChildProcess.Start("bash", "--norc", "-c", script);

        var lines = (await process.WaitForSuccessAsync()).Split('\n');

        Assert.Equal("simulate", lines[0]);
        Assert.NotEqual("", lines[1]);
    }

    [Fact]
    public async Task Zsh_completes_with_the_script()
    {
        // The completion system itself wants a terminal; what it calls is stood in for.
        var script = $$"""
            PATH="{{Path.GetDirectoryName(AvocetProcess.Program)}}:$PATH"
            compdef() { }
            compadd() { print -l -- $found }
            eval "$(avocet completion zsh)"
            words=(avocet sim); CURRENT=2; _avocet
            words=(avocet simulate ''); CURRENT=3; _avocet
            """;
        await using var process = ChildProcess.Start("zsh", "-f", "-c", script);

        var lines = (await process.WaitForSuccessAsync()).Split('\n');

        Assert.Equal("simulate", lines[0]);
        Assert.Contains("smart-home", lines);
    }

    [Fact]
    public async Task Fish_completes_with_the_script()
    {
        using var home = new TemporaryFolder();
        var script = $"""
            set -x PATH "{Path.GetDirectoryName(AvocetProcess.Program)}" $PATH
            avocet completion fish | source
            complete -C "avocet sim"
            complete -C "avocet simulate sm"
            """;
        await using var process = ChildProcess.Start("fish", ["--no-config", "-c", script], new Dictionary<string, string> { ["HOME"] = home.Path });

        Assert.Equal(["simulate", "smart-home"], (await process.WaitForSuccessAsync()).Split('\n'));
    }

    [Fact]
    public async Task Password_comes_from_the_environment_a_file_or_a_prompt()
    {
        using var folder = new TemporaryFolder();
        var passwords = folder.File("passwords");
        await using (var passwd = AvocetProcess.Start("passwd", "-c", "-b", passwords, "alice", "se cret")) await passwd.WaitForSuccessAsync();
        await using var server = await AvocetProcess.ServeAsync("--set", $"login.password_file={passwords}");
        var port = await AvocetProcess.PortOfAsync(server);
        string[] publish = ["pub", "a", "x", "-q", "1", "-h", "127.0.0.1", "-p", $"{port}", "-u", "alice"];

        await using (var fromEnvironment = AvocetProcess.Start(new Dictionary<string, string> { ["AVOCET_MQTT_PASSWORD"] = "se cret" }, publish)) await fromEnvironment.WaitForSuccessAsync();
        await using (var fromFile = AvocetProcess.Start([.. publish, "--password-file", folder.Write("password", "se cret\n")])) await fromFile.WaitForSuccessAsync();
        await using (var wrong = AvocetProcess.Start(new Dictionary<string, string> { ["AVOCET_MQTT_PASSWORD"] = "other" }, publish)) Assert.Equal(134, await wrong.WaitForExitAsync());

        // A terminal of its own.
        var asked = string.Join(' ', [AvocetProcess.Program, .. publish, "--ask-password"]);
        await using var prompt = ChildProcess.Start("bash", "-c", $"printf 'se crex\\x7ft\\n' | script -qec '{asked}' /dev/null");
        Assert.Contains("Password of alice: ", await prompt.WaitForSuccessAsync(), StringComparison.Ordinal);
    }
}
