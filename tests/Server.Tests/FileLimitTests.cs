using Avocet.Protocol;
using Avocet.Server.Tests.Crashes;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Server.Tests;

/// <summary>A process may open only so many files, and each connection is one.</summary>
public sealed class FileLimitTests
{
    private const int FilesMax = 300;
    private const int Clients = 320;

    /// <summary>The broker's own statistics go on meanwhile: they look at files, too.</summary>
    [Fact]
    public async Task Clients_beyond_the_limit_of_files_wait_until_others_have_gone()
    {
        using var folder = new TemporaryFolder();
        await using var process = ChildProcess.Start(
            "/bin/sh", "-c", $"ulimit -n {FilesMax}; exec \"$0\" \"$@\"", AvocetProcess.Program,
            "serve", "--port", "auto", "--ws-port", "0", "--console-port", "0", "--data", folder.Path, "--set", "mqtt.sys_interval_seconds=1");
        var port = await AvocetProcess.PortOfAsync(process);
        await process.WaitForLineAsync("Ready.");
        await using var watcher = await RawConnection.OpenAsync(port, Given.Client("watcher").V311());
        await watcher.TrySendAsync(Given.Subscribe(1).Filter("$SYS/broker/uptime"));
        Assert.Equal(PacketType.Suback, (await watcher.TryReadAsync())?.Type);
        var mayLeave = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var clients = Enumerable.Range(0, Clients).Select(i => StayAsync(port, i, mayLeave.Task)).ToList();
        await process.WaitForLineAsync("Too many open files");
        for (var turn = 0; turn < 3; turn++) Assert.True((await watcher.TryReadAsync())?.Type == PacketType.Publish, $"The watcher gets nothing any more:\n{process.Output}");

        // As many go as there were files for: the others come in.
        mayLeave.SetResult();
        await Task.WhenAll(clients);
    }

    /// <summary>Connects, waits, is still served then, and leaves.</summary>
    private static async Task StayAsync(int port, int number, Task mayLeave)
    {
        await using var connection = await RawConnection.OpenAsync(port, Given.Client($"c{number}").V311());
        await mayLeave;
        await connection.TrySendAsync(Given.Pingreq());
        Assert.Equal(PacketType.Pingresp, (await connection.TryReadAsync())?.Type);
    }
}
