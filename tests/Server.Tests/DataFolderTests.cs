using System.Runtime.InteropServices;
using Avocet.Broker;
using Avocet.Broker.Storage;
using Avocet.Server.Tests.Support;
using Avocet.Storage.RocksDb;
using Xunit;

namespace Avocet.Server.Tests;

/// <summary>Who opens and closes the store of a data folder, and what is said about it.</summary>
public sealed class DataFolderTests : IDisposable
{
    private static readonly ServerOptions Options = new() { Listeners = [new ListenerOptions { Name = "tcp", Port = ListenPort.Auto }] };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("fsync", "What is acknowledged survives a power cut (durability = \"fsync\").")]
    [InlineData("os", "What is acknowledged survives the end of this process, not a power cut (durability = \"os\").")]
    [InlineData("none", "What is acknowledged survives an orderly stop (durability = \"none\").")]
    public async Task Start_page_tells_where_data_is_and_what_it_survives(string durability, string text)
    {
        await using var process = await AvocetProcess.ServeAsync("--data", _folder.File("data"), "--set", $"durability={durability}");

        await process.WaitForLineAsync($"Data is kept in {_folder.File("data")}. {text}");
        Assert.True(Directory.Exists(_folder.File("data")));
    }

    [Fact]
    public async Task Empty_data_folder_keeps_everything_in_memory()
    {
        await using var process = await AvocetProcess.ServeAsync("--data", "");

        await process.WaitForLineAsync("Data is kept in memory only");
    }

    [Fact]
    public async Task Second_server_on_a_folder_is_told_who_has_it()
    {
        await using var first = await AvocetProcess.ServeAsync("--data", _folder.Path);
        await using var second = AvocetProcess.Start("serve", "--port", "auto", "--ws-port", "auto", "--data", _folder.Path);

        Assert.Equal(1, await second.WaitForExitAsync());

        var line = Assert.Single(second.ErrorLines);
        Assert.Equal(
            $"avocet: Another Avocet (process {first.Id}) has the data folder {_folder.Path} open. Stop it, or choose another folder with --data.", line);
    }

    [Fact]
    public async Task Folder_is_free_again_after_a_stop_and_after_a_kill()
    {
        await using (var stopped = await AvocetProcess.ServeAsync("--data", _folder.Path))
        {
            stopped.Signal(PosixSignal.SIGTERM);
            Assert.Equal(0, await stopped.WaitForExitAsync());
        }

        await using (await AvocetProcess.ServeAsync("--data", _folder.Path))
        {
            // Its end is a kill.
        }

        await using var third = await AvocetProcess.ServeAsync("--data", _folder.Path);
    }

    [Fact]
    public async Task Folder_that_cannot_be_made_is_told_in_a_line()
    {
        var data = Path.Combine(_folder.Write("file", ""), "data");
        await using var process = AvocetProcess.Start("serve", "--port", "auto", "--ws-port", "auto", "--data", data);

        Assert.Equal(1, await process.WaitForExitAsync());

        Assert.StartsWith($"avocet: The data folder {data} cannot be made: ", Assert.Single(process.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_store_is_told_in_a_line_and_left_as_it_is()
    {
        await using (var process = await AvocetProcess.ServeAsync("--data", _folder.Path))
        {
            process.Signal(PosixSignal.SIGTERM);
            Assert.Equal(0, await process.WaitForExitAsync());
        }

        foreach (var manifest in Directory.GetFiles(_folder.File("store"), "MANIFEST-*")) Damage(manifest);
        var before = Contents();
        await using var damaged = AvocetProcess.Start("serve", "--port", "auto", "--ws-port", "auto", "--data", _folder.Path);

        Assert.Equal(1, await damaged.WaitForExitAsync());
        var line = Assert.Single(damaged.ErrorLines);
        Assert.StartsWith($"avocet: The data in {_folder.Path} is damaged: ", line, StringComparison.Ordinal);
        Assert.EndsWith(
            ". Nothing was changed or removed. Restore a backup of the folder, see with 'avocet store check' what can be read, or move the folder away to begin with an "
            + "empty one.", line, StringComparison.Ordinal);
        Assert.Equal(before, Contents());

        await using var check = AvocetProcess.Start("store", "check", "--data", _folder.Path);
        Assert.Equal(1, await check.WaitForExitAsync());
        Assert.Equal(before, Contents());
    }

    [Fact]
    public async Task Embedded_server_opens_its_folder_and_closes_it()
    {
        var options = Options with { DataFolder = _folder.Path };
        await using (var server = AvocetServer.Create(options, new BrokerServices()))
        {
            await server.StartAsync(CancellationToken.None);
            Assert.Equal(_folder.Path, server.StoreLocation);
            Assert.Contains("open", Assert.Throws<ServerStartException>(() => AvocetServer.Create(options, new BrokerServices())).Message, StringComparison.Ordinal);
        }

        using var store = RocksDbStore.Open(_folder.Path);
    }

    [Fact]
    public async Task Server_that_does_not_start_gives_its_folder_back()
    {
        var options = Options with { DataFolder = _folder.Path };
        await using var first = AvocetServer.Create(Options with { DataFolder = "" }, new BrokerServices());
        await first.StartAsync(CancellationToken.None);
        var port = ((System.Net.IPEndPoint)first.Listeners[0].EndPoint).Port;
        await using (var second = AvocetServer.Create(options with { Listeners = [Options.Listeners[0] with { Port = ListenPort.Of(port) }] }, new BrokerServices()))
        {
            await Assert.ThrowsAsync<ServerStartException>(() => second.StartAsync(CancellationToken.None));
        }

        using var store = RocksDbStore.Open(_folder.Path);
    }

    [Fact]
    public async Task Store_of_the_host_is_used_and_stays_open()
    {
        using var store = RocksDbStore.Open(_folder.File("host"));
        await using (var server = AvocetServer.Create(Options with { DataFolder = _folder.File("unused") }, new BrokerServices { Store = store }))
        {
            await server.StartAsync(CancellationToken.None);
            Assert.Equal(store.Location, server.StoreLocation);
        }

        Assert.False(Directory.Exists(_folder.File("unused")));
        Assert.Null(store.Get(StoreTable.Meta, "nothing"u8));
    }

    private static void Damage(string file)
    {
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 0x10;
        File.WriteAllBytes(file, bytes);
    }

    /// <summary>The files of data, without those that each start writes.</summary>
    private Dictionary<string, byte[]> Contents() => Directory.GetFiles(_folder.File("store"))
        .Where(file => Path.GetFileName(file) is var name && name is not ("LOCK" or "lock" or "process") && !name.StartsWith("LOG", StringComparison.Ordinal))
        .ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);
}
