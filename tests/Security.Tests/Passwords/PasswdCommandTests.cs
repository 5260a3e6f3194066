using System.Globalization;
using System.Runtime.InteropServices;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Security.Tests.Passwords;

/// <summary>The real <c>avocet passwd</c>, and files that Debian's mosquitto_passwd wrote.</summary>
public sealed class PasswdCommandTests
{
    [Fact]
    public async Task File_is_made_changed_checked_and_emptied()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("users");

        Assert.Equal("Added user 'alice'.", await RunAsync("passwd", "-c", "-b", file, "alice", "secret"));
        Assert.Equal("Added user 'bob'.", await RunAsync("passwd", "-H", "sha512-pbkdf2", "-b", file, "bob", "b"));
        Assert.Equal("Changed user 'bob'.", await RunAsync("passwd", "--hash", "sha512", "-b", file, "bob", "b2"));
        Assert.StartsWith("alice:$argon2id$v=19$m=47104,t=1,p=1$", (await File.ReadAllLinesAsync(file))[0], StringComparison.Ordinal);
        Assert.StartsWith("bob:$6$", (await File.ReadAllLinesAsync(file))[1], StringComparison.Ordinal);
        Assert.Contains("2 users, 1 with a hash that is quick to guess", await RunAsync("passwd", "check", file), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        Assert.Equal("Deleted user 'alice'.", await RunAsync("passwd", "-D", file, "alice"));
        Assert.Equal("Deleted user 'bob'.", await RunAsync("passwd", "delete", file, "bob"));
        Assert.Empty(await File.ReadAllTextAsync(file));
        await FailAsync("avocet: there is no user 'bob' in " + file + ".", "passwd", "delete", file, "bob");
    }

    [Fact]
    public async Task Plain_passwords_are_hashed_and_the_rest_stays()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("users", "# people\nalice:one\n\nbob:two:with colon\n");

        Assert.Equal("Hashed 2 passwords.", await RunAsync("passwd", "-H", "sha512-pbkdf2", "-U", file));
        Assert.Equal("Hashed 0 passwords.", await RunAsync("passwd", "convert", file));

        var lines = await File.ReadAllLinesAsync(file);
        Assert.Equal(["# people", ""], [lines[0], lines[2]]);
        Assert.StartsWith("alice:$7$210000$", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_use_is_told_in_a_line()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("users", "alice:plain\n");

        await FailAsync($"avocet: {file}:1: the password is not hashed; 'avocet passwd convert' hashes a file of plain passwords.", "passwd", "check", file);
        await FailAsync("avocet: a user name has no ':' and no line ends.", "passwd", "-b", file, "a:b", "x");
        await FailAsync("avocet: name a user: avocet passwd FILE USER.", "passwd", file);
        await FailAsync($"avocet: {file}.none: there is no such file.", "passwd", "delete", file + ".none", "a");
    }

    [Theory]
    [InlineData("sha512")]
    [InlineData("sha512-pbkdf2")]
    public async Task File_of_mosquitto_passwd_lets_its_users_in_and_its_change_counts_at_once(string hash)
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("users");
        await RunAsync("mosquitto_passwd", true, "-H", hash, "-c", "-b", file, "alice", "secret");
        await using var server = await AvocetProcess.ServeAsync("--set", $"login.password_file={file}", "--ws-port", "0");
        var port = (await AvocetProcess.PortOfAsync(server)).ToString(CultureInfo.InvariantCulture);

        await RunAsync("mosquitto_pub", true, "-p", port, "-u", "alice", "-P", "secret", "-q", "1", "-t", "a", "-m", "x");
        await RunAsync("mosquitto_pub", false, "-p", port, "-u", "alice", "-P", "wrong", "-q", "1", "-t", "a", "-m", "x");
        await RunAsync("mosquitto_pub", false, "-p", port, "-q", "1", "-t", "a", "-m", "x");
        await RunAsync("mosquitto_passwd", true, "-b", file, "bob", "hunter2");
        server.Signal(PosixSignal.SIGHUP);
        await server.WaitForLineAsync("has 2 users");
        await RunAsync("mosquitto_pub", true, "-p", port, "-u", "bob", "-P", "hunter2", "-q", "1", "-t", "a", "-m", "x");

        Assert.DoesNotContain("secret", server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("$6$", server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("$7$", server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Listener_beyond_this_machine_needs_no_more_than_a_password_file()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("users");
        await RunAsync("passwd", "-b", file, "alice", "secret");

        await using var server = await AvocetProcess.ServeAsync("--bind", "0.0.0.0", "--set", $"login.password_file={file}", "--ws-port", "0");

        await server.WaitForLineAsync("clients log in");
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        await using var process = ChildProcess.Start(AvocetProcess.Program, arguments);
        return await process.WaitForSuccessAsync();
    }

    private static async Task RunAsync(string program, bool succeeds, params string[] arguments)
    {
        await using var process = ChildProcess.Start(program, arguments);
        Assert.True(succeeds == (await process.WaitForExitAsync() == 0), process.Output);
    }

    private static async Task FailAsync(string message, params string[] arguments)
    {
        await using var process = ChildProcess.Start(AvocetProcess.Program, arguments);
        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.Equal([message], process.ErrorLines);
    }
}
