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

    private const int PubackSize = 4;

    /// <summary>Messages to a write, and those that may wait for their PUBACK.</summary>
    private const int Batch = 500;
    private const int Window = 10_000;

    private static readonly ClientBuilder Reader = Given.Client("reader").V311().Clean(false);

    /// <summary>
    /// 256 MiB, in hexadecimal: half of the payloads alone, and nothing is taken from three quarters of it on. A broker that kept the queue in its heap would
    /// refuse the rest. Resident memory would tell less, for how much garbage .NET lets lie depends on the processor's cache.
    /// </summary>
    private static readonly Dictionary<string, string> Environment = new() { ["DOTNET_GCHeapHardLimit"] = "10000000" };

    [Fact]
    public async Task Million_queued_messages_need_no_heap_of_their_size_and_come_back_in_order()
    {
        using var folder = new TemporaryFolder();
        await using (var broker = await StartAsync(folder))
        {
            var port = await AvocetProcess.PortOfAsync(broker);
            await using (var subscribing = await RawConnection.OpenAsync(port, Reader))
            {
                await subscribing.TrySendAsync(Given.Subscribe(1).Filter("long", Qos.AtLeastOnce));
                Assert.Equal(PacketType.Suback, (await subscribing.TryReadAsync())?.Type);
                await subscribing.TrySendAsync(Given.Disconnect());
            }

            await PublishAsync(port, broker);

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
    }

    private static Task<ChildProcess> StartAsync(TemporaryFolder folder) => AvocetProcess.ServeAsync(
        Environment, "--data", folder.Path, "--set", "durability=none", "--set", "session.queue_messages_max=2000000", "--set", "session.queue_bytes_max=10000000000");

    /// <summary>Publishes messages at QoS 1, many to a write, and waits for all PUBACK.</summary>
    private static async Task PublishAsync(int port, ChildProcess broker)
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
        for (var number = 0; number < Messages; number += Batch)
        {
            var batch = Enumerable.Range(number, Batch).SelectMany(i => Publish(i).Encode(ProtocolVersion.V311)).ToArray();
            await stream.WriteAsync(batch, deadline.Token);
            while (number + Batch - (acknowledgedBytes / PubackSize) > Window) acknowledgedBytes += await ReadAsync();
        }

        while (acknowledgedBytes < Messages * (long)PubackSize) acknowledgedBytes += await ReadAsync();

        async Task<int> ReadAsync()
        {
            var count = await stream.ReadAsync(answers, deadline.Token);
            Assert.True(count > 0, $"The broker closed the connection:\n{broker.Output}");
            return count;
        }
    }

    private static PublishBuilder Publish(int number) =>
        Given.Publish("long").Payload(number.ToString("D10", CultureInfo.InvariantCulture).PadRight(PayloadSize, 'x')).Qos1((ushort)((number % 60_000) + 1));
}
