using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Avocet.Protocol;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Xunit;

namespace Avocet.Server.Tests.Crashes;

/// <summary>The real executable with a queue that is longer than the memory it may take.</summary>
public sealed class LongQueueTests
{
    private const int Messages = 1_000_000;
    private const int PayloadSize = 500;

    /// <summary>By then the buffers and caches of the store have their size, and so has the heap.</summary>
    private const int WarmUp = 200_000;
    private const int PubackSize = 4;

    /// <summary>Messages to a write, and those that may wait for their PUBACK.</summary>
    private const int Batch = 500;
    private const int Window = 10_000;

    /// <summary>A third of what the payloads after the warm-up would take: the heap goes up and down by a part of that.</summary>
    private const long GrowthMax = (Messages - WarmUp) * (long)PayloadSize / 3;

    private static readonly ClientBuilder Reader = Given.Client("reader").V311().Clean(false);

    /// <summary>With a fixed budget of generation 0, in hexadecimal: .NET takes it from the processor's cache, and of a large one it makes more than what is measured here.</summary>
    private static readonly Dictionary<string, string> Environment = new() { ["DOTNET_GCgen0size"] = "1000000" };

    [Fact]
    public async Task Million_queued_messages_cost_bounded_memory_and_come_back_in_order()
    {
        using var folder = new TemporaryFolder();
        long before;
        await using (var broker = await StartAsync(folder))
        {
            var port = await AvocetProcess.PortOfAsync(broker);
            await using (var subscribing = await RawConnection.OpenAsync(port, Reader))
            {
                await subscribing.TrySendAsync(Given.Subscribe(1).Filter("long", Qos.AtLeastOnce));
                Assert.Equal(PacketType.Suback, (await subscribing.TryReadAsync())?.Type);
                await subscribing.TrySendAsync(Given.Disconnect());
            }

            await PublishAsync(port, 0, WarmUp);
            before = ResidentBytes(broker);
            await PublishAsync(port, WarmUp, Messages);
            Assert.InRange(ResidentBytes(broker) - before, long.MinValue, GrowthMax);

            broker.Signal(PosixSignal.SIGTERM);
            Assert.Equal(0, await broker.WaitForExitAsync());
        }

        await using var restarted = await StartAsync(folder);
        await using var reader = await RawConnection.OpenAsync(await AvocetProcess.PortOfAsync(restarted), Reader);
        for (var number = 0; number < Window; number++)
        {
            var message = await reader.TryReadAsync();
            Assert.NotNull(message);
            Assert.Equal(number, int.Parse(message.PayloadText.AsSpan(0, 10), CultureInfo.InvariantCulture));
            await reader.TrySendAsync(Given.Puback(message.PacketId));
        }

        Assert.InRange(ResidentBytes(restarted) - before, long.MinValue, GrowthMax);
    }

    private static Task<ChildProcess> StartAsync(TemporaryFolder folder) => AvocetProcess.ServeAsync(
        Environment, "--data", folder.Path, "--set", "durability=none", "--set", "session.queue_messages_max=2000000", "--set", "session.queue_bytes_max=10000000000");

    /// <summary>Publishes messages at QoS 1, many to a write, and waits for all PUBACK.</summary>
    private static async Task PublishAsync(int port, int from, int to)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port, deadline.Token);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Given.Client("writer").V311().Encode(), deadline.Token);
        var answers = new byte[64 * 1024];
        await stream.ReadExactlyAsync(answers.AsMemory(0, 4), deadline.Token);
        Assert.Equal([0x20, 0x02, 0x00, 0x00], answers[..4]);

        var acknowledgedBytes = 0L;
        for (var number = from; number < to; number += Batch)
        {
            var batch = Enumerable.Range(number, Batch).SelectMany(i => Publish(i).Encode(ProtocolVersion.V311)).ToArray();
            await stream.WriteAsync(batch, deadline.Token);
            while (number + Batch - from - (acknowledgedBytes / PubackSize) > Window) acknowledgedBytes += await ReadAsync();
        }

        while (acknowledgedBytes < (to - from) * (long)PubackSize) acknowledgedBytes += await ReadAsync();

        async Task<int> ReadAsync()
        {
            var count = await stream.ReadAsync(answers, deadline.Token);
            Assert.NotEqual(0, count);
            return count;
        }
    }

    private static PublishBuilder Publish(int number) =>
        Given.Publish("long").Payload(number.ToString("D10", CultureInfo.InvariantCulture).PadRight(PayloadSize, 'x')).Qos1((ushort)((number % 60_000) + 1));

    private static long ResidentBytes(ChildProcess process)
    {
        var line = File.ReadLines($"/proc/{process.Id}/status").First(text => text.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6).Trim().TrimEnd(" kB"), CultureInfo.InvariantCulture) * 1024;
    }
}
