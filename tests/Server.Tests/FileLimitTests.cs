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

    [Fact]
    public async Task Clients_beyond_the_limit_of_files_wait_until_others_have_gone()
    {
        using var folder = new TemporaryFolder();
        await using var process = ChildProcess.Start(
            "/bin/sh", "-c", $"ulimit -n {FilesMax}; exec \"$0\" \"$@\"", AvocetProcess.Program, "serve", "--port", "auto", "--ws-port", "0", "--data", folder.Path);
        var port = await AvocetProcess.PortOfAsync(process);
        await process.WaitForLineAsync("Ready.");

        var opening = Enumerable.Range(0, Clients).Select(i => RawConnection.OpenAsync(port, Given.Client($"c{i}").V311())).ToList();
        await process.WaitForLineAsync("Too many open files");
        var served = opening.FindAll(task => task.IsCompletedSuccessfully);
        Assert.InRange(served.Count, 1, FilesMax);
        await using (var one = await served[0])
        {
            await one.TrySendAsync(Given.Pingreq());
            Assert.Equal(PacketType.Pingresp, (await one.TryReadAsync())?.Type);
        }

        // As many go as there were files for: the others come in.
        foreach (var task in served) await (await task).DisposeAsync();

        foreach (var connection in await Task.WhenAll(opening.Except(served))) await connection.DisposeAsync();
    }
}
