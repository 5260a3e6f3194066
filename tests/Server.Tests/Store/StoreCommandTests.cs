using Avocet.Protocol;
using Avocet.Server.Tests.Crashes;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Xunit;

namespace Avocet.Server.Tests.Store;

/// <summary><c>avocet store</c> of the real executable.</summary>
public sealed class StoreCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Who_moves_from_mosquitto_finds_everything_again()
    {
        await using (var mosquitto = await MosquittoProcess.StartAsync(_folder))
        {
            await mosquitto.SubscribeAsync("old", "-V", "311", "-q", "2", "-t", "plant/#");
            await mosquitto.SubscribeAsync("new", "-V", "5", "-x", "3600", "-q", "1", "-t", "plant/+");
            await mosquitto.PublishAsync("-q", "1", "-t", "plant/a", "-m", "eins", "-r");
            await mosquitto.PublishAsync("-q", "2", "-t", "plant/b", "-m", "zwei");
            await mosquitto.StopAsync();
        }

        var data = _folder.File("data");
        var told = await RunAsync("store", "import", "--data", data, _folder.File(MosquittoProcess.FileName));
        Assert.Equal(
            $"Imported from Mosquitto's {_folder.File(MosquittoProcess.FileName)} into {data}: "
            + "2 sessions with 2 subscriptions and 4 queued messages, 1 retained messages.",
            told);
        Assert.EndsWith("Sound.", await RunAsync("store", "check", "--data", data), StringComparison.Ordinal);

        await using var broker = await AvocetProcess.ServeAsync("--data", data);
        var port = await AvocetProcess.PortOfAsync(broker);
        Assert.Equal([("plant/a", "eins", Qos.AtLeastOnce), ("plant/b", "zwei", Qos.ExactlyOnce)], await ReceiveAsync(port, Given.Client("old").V311().Clean(false), 2));
        Assert.Equal([("plant/a", "eins", Qos.AtLeastOnce), ("plant/b", "zwei", Qos.AtLeastOnce)], await ReceiveAsync(port, Given.Client("new").Persistent(3600), 2));

        await using var late = await RawConnection.OpenAsync(port, Given.Client("late"));
        await late.TrySendAsync(Given.Subscribe(1).Filter("plant/#"));
        Assert.Equal(PacketType.Suback, (await late.TryReadAsync())?.Type);
        var retained = await late.TryReadAsync();
        Assert.Equal(("plant/a", "eins", true), (retained!.TopicName, retained.PayloadText, retained.Retain));

        // The subscriptions came along too.
        await using var reader = await RawConnection.OpenAsync(port, Given.Client("new").Persistent(3600));
        await late.TrySendAsync(Given.Publish("plant/c").Payload("drei").Qos1(1));
        Assert.Equal("drei", (await reader.TryReadAsync())?.PayloadText);
    }

    [Fact]
    public async Task What_a_broker_kept_moves_to_another_one()
    {
        string here = _folder.File("here"), there = _folder.File("there"), file = _folder.File("lines.jsonl");
        await using (var broker = await AvocetProcess.ServeAsync("--data", here))
        {
            var port = await AvocetProcess.PortOfAsync(broker);
            await using (var reader = await RawConnection.OpenAsync(port, Given.Client("reader").Persistent()))
            {
                await reader.TrySendAsync(Given.Subscribe(1).Filter("a/#", Qos.ExactlyOnce));
                Assert.Equal(PacketType.Suback, (await reader.TryReadAsync())?.Type);
            }

            await using var writer = await RawConnection.OpenAsync(port, Given.Client("writer"));
            await writer.TrySendAsync(Given.Publish("a/b").Payload("kept").Qos1(1).Retain());
            Assert.Equal(PacketType.Puback, (await writer.TryReadAsync())?.Type);

            await using var refused = AvocetProcess.Start("store", "stats", "--data", here);
            Assert.Equal(1, await refused.WaitForExitAsync());
            Assert.Equal(
                $"avocet: Another Avocet (process {broker.Id}) has the data folder {here} open. Stop it, or choose another folder with --data.",
                Assert.Single(refused.ErrorLines));
        }

        Assert.Equal($"Wrote 4 lines to {file}.", await RunAsync("store", "export", "--data", here, file));
        Assert.Equal(
            $"Imported from {file} into {there}: 1 sessions with 1 subscriptions and 1 queued messages, 1 retained messages.",
            await RunAsync("store", "import", "--data", there, file));
        Assert.Contains("Queued        1 messages, 7 bytes", await RunAsync("store", "stats", "--data", there), StringComparison.Ordinal);

        await using var other = await AvocetProcess.ServeAsync("--data", there);
        var received = await ReceiveAsync(await AvocetProcess.PortOfAsync(other), Given.Client("reader").Persistent(), 1);
        Assert.Equal([("a/b", "kept", Qos.AtLeastOnce)], received);
    }

    [Fact]
    public async Task Folder_without_a_store_is_told_and_left_alone()
    {
        await using var process = AvocetProcess.Start("store", "check", "--data", _folder.Path);

        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.Equal($"avocet: {_folder.Path} has no store; --data names the folder that the broker uses.", Assert.Single(process.ErrorLines));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task Line_that_is_refused_is_told_with_file_and_line()
    {
        var file = _folder.Write("lines.jsonl", "{\"type\":\"store\",\"version\":2,\"format\":1,\"exportedAt\":\"2026-01-01T00:00:00Z\"}\n");
        await using var process = AvocetProcess.Start("store", "import", "--data", _folder.File("data"), file);

        Assert.Equal(1, await process.WaitForExitAsync());
        Assert.Equal(
            $"avocet: {file}: Line 1: version is 2; this version of Avocet reads 1. Nothing was imported.", Assert.Single(process.ErrorLines));
    }

    [Theory]
    [InlineData("store", "--help")]
    [InlineData("store", "check", "--help")]
    [InlineData("store", "import", "--help")]
    public async Task Help_has_examples(params string[] arguments)
    {
        Assert.Contains("avocet store import /var/lib/mosquitto/mosquitto.db", await RunAsync(arguments), StringComparison.Ordinal);
    }

    private static async Task<List<(string Topic, string Payload, Qos Qos)>> ReceiveAsync(int port, ClientBuilder client, int count)
    {
        await using var connection = await RawConnection.OpenAsync(port, client);
        Assert.True(connection.Connack.SessionPresent);
        var received = new List<(string, string, Qos)>();
        while (received.Count < count)
        {
            var packet = await connection.TryReadAsync();
            Assert.NotNull(packet);
            if (packet.Type != PacketType.Publish) continue;

            received.Add((packet.TopicName, packet.PayloadText, packet.Qos));
            await connection.TrySendAsync(packet.Qos == Qos.AtLeastOnce ? Given.Puback(packet.PacketId) : Given.Pubrec(packet.PacketId));
        }

        // What was answered is handled before the PINGREQ.
        await connection.TrySendAsync(Given.Pingreq());
        while (await connection.TryReadAsync() is { } packet && packet.Type != PacketType.Pingresp) continue;
        return received;
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        await using var process = AvocetProcess.Start(arguments);
        return await process.WaitForSuccessAsync();
    }
}
