using System.Runtime.InteropServices;
using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Xunit;
using SmallDisk = Avocet.Storage.Tests.Support.SmallDisk;

namespace Avocet.Server.Tests.Crashes;

/// <summary>The real executable on a file system of its own that fills up.</summary>
public sealed class DiskFullTests
{
    private const int DiskMegabytes = 24;

    private readonly List<string> _acknowledged = [];
    private readonly List<string> _refused = [];

    [Fact]
    public async Task Full_disk_refuses_what_must_be_kept_and_nothing_else_until_there_is_space()
    {
        using var disk = SmallDisk.Mount(DiskMegabytes);
        var reader = Given.Client("reader").Persistent();
        await using (var broker = await StartAsync(disk))
        {
            var port = await AvocetProcess.PortOfAsync(broker);
            await using (var subscribing = await RawConnection.OpenAsync(port, reader))
            {
                await subscribing.TrySendAsync(Given.Subscribe(1).Filter("keep/#", Qos.AtLeastOnce));
                Assert.Equal(PacketType.Suback, (await subscribing.TryReadAsync())?.Type);
                await subscribing.TrySendAsync(Given.Disconnect());
            }

            await using var watcher = await RawConnection.OpenAsync(port, Given.Client("watcher"));
            await using var writer = await RawConnection.OpenAsync(port, Given.Client("writer"));
            await using var older = await RawConnection.OpenAsync(port, Given.Client("older").V311().Clean(false));
            Assert.Equal(ReasonCode.Success, (await PublishAsync(writer)).Reason);

            disk.Fill();
            var refusal = await PublishUntilAsync(writer, isRefused: true);
            Assert.True(refusal.Reason is ReasonCode.QuotaExceeded or ReasonCode.ImplementationSpecificError, refusal.ToString());
            Assert.False(string.IsNullOrEmpty(refusal.Text(PropertyId.ReasonString)), refusal.ToString());
            await broker.WaitForLineAsync("cannot be written: No space is left");

            var unanswered = Given.Publish("keep/older").Payload("older").Qos1(9);
            await older.TrySendAsync(unanswered, Given.Pingreq());
            Assert.Equal(PacketType.Pingresp, (await older.TryReadAsync())?.Type);

            await OthersGoOnAsync(watcher, writer);
            await WaitForStateAsync(watcher, "failing: ");

            disk.Free();
            await broker.WaitForLineAsync("can be written again");
            await PublishUntilAsync(writer, isRefused: false);
            await WaitForStateAsync(watcher, "ok");

            await using var again = await RawConnection.OpenAsync(port, Given.Client("older").V311().Clean(false));
            await again.TrySendAsync(unanswered.AsDuplicate());
            Assert.Equal(PacketType.Puback, (await again.TryReadAsync())?.Type);
            _acknowledged.Add("older");

            broker.Signal(PosixSignal.SIGTERM);
            Assert.Equal(0, await broker.WaitForExitAsync());
        }

        await using var restarted = await StartAsync(disk);
        var received = await DrainAsync(await AvocetProcess.PortOfAsync(restarted), reader);
        Assert.Equal(_acknowledged.Order(), received.Distinct().Order());
        Assert.NotEmpty(_refused);
    }

    private static Task<ChildProcess> StartAsync(SmallDisk disk) => AvocetProcess.ServeAsync(
        "--data", disk.File("data"), "--set", "mqtt.sys_interval_seconds=1", "--set", "session.queue_bytes_max=100000000");

    /// <summary>Publishes a message to the session that is offline.</summary>
    private async Task<PacketView> PublishAsync(RawConnection writer)
    {
        var number = $"{_acknowledged.Count + _refused.Count} ";
        await writer.TrySendAsync(Given.Publish("keep/it").Payload(number + new string('x', 20_000)).Qos1(1));
        var answer = await writer.TryReadAsync();
        Assert.NotNull(answer);
        Assert.Equal(PacketType.Puback, answer.Type);
        (answer.Reason.IsError() ? _refused : _acknowledged).Add(number.TrimEnd());
        return answer;
    }

    /// <summary>What was reserved beforehand still takes some messages; and a refusal may cross the recovery.</summary>
    private async Task<PacketView> PublishUntilAsync(RawConnection writer, bool isRefused)
    {
        for (var i = 0; i < 2000; i++)
        {
            var answer = await PublishAsync(writer);
            if (answer.Reason.IsError() == isRefused) return answer;
        }

        Assert.Fail($"2000 messages were {(isRefused ? "taken" : "refused")}.");
        throw new InvalidOperationException();
    }

    /// <summary>What needs no disk: QoS 0 and 1 between clients whose sessions end with their connections.</summary>
    private static async Task OthersGoOnAsync(RawConnection watcher, RawConnection writer)
    {
        await watcher.TrySendAsync(Given.Subscribe(1).Filter("live/#", Qos.AtLeastOnce));
        Assert.Equal(PacketType.Suback, (await watcher.TryReadAsync())?.Type);
        await writer.TrySendAsync(Given.Publish("live/0").Payload("zero"), Given.Publish("live/1").Payload("one").Qos1(1));

        Assert.Equal("zero", (await watcher.TryReadAsync())?.PayloadText);
        var atLeastOnce = await watcher.TryReadAsync();
        Assert.Equal("one", atLeastOnce?.PayloadText);
        await watcher.TrySendAsync(Given.Puback(atLeastOnce!.PacketId));
        var answer = await writer.TryReadAsync();
        Assert.Equal((PacketType.Puback, ReasonCode.Success), (answer!.Type, answer.Reason));
    }

    private static async Task WaitForStateAsync(RawConnection watcher, string start)
    {
        await watcher.TrySendAsync(Given.Subscribe(2).Filter("$SYS/broker/storage/state"));
        while (true)
        {
            var packet = await watcher.TryReadAsync();
            Assert.NotNull(packet);
            if (packet.Type == PacketType.Publish && packet.PayloadText.StartsWith(start, StringComparison.Ordinal)) return;
        }
    }

    /// <summary>What the payloads begin with.</summary>
    private static async Task<List<string>> DrainAsync(int port, ClientBuilder reader)
    {
        await using var connection = await RawConnection.OpenAsync(port, reader);
        Assert.True(connection.Connack.SessionPresent);
        var received = new List<string>();
        var sincePing = 0;
        await connection.TrySendAsync(Given.Pingreq());
        while (true)
        {
            var packet = await connection.TryReadAsync();
            Assert.NotNull(packet);
            if (packet.Type == PacketType.Pingresp)
            {
                if (sincePing == 0 && received.Count > 0) return received;

                sincePing = 0;
                await connection.TrySendAsync(Given.Pingreq());
                continue;
            }

            Assert.Equal(PacketType.Publish, packet.Type);
            sincePing++;
            received.Add(packet.PayloadText.Split(' ')[0]);
            await connection.TrySendAsync(Given.Puback(packet.PacketId));
        }
    }
}
