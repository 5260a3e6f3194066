using System.Text;
using Avocet.Protocol;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Server.Tests;

/// <summary>What a socket does to the bytes: packets that come in pieces, receivers that do not read, ends that must not lose what was sent last.</summary>
public sealed class TransportTests
{
    private static readonly ListenerOptions Tcp = new() { Name = "tcp", Port = ListenPort.Auto };

    [Fact]
    public async Task Packet_that_comes_byte_by_byte_is_handled()
    {
        await using var server = await TestServer.StartAsync(Tcp);
        await using var stream = await server.OpenAsync("tcp");
        var peer = StreamPeer.Over(stream);

        foreach (var one in Given.Client("c").Encode().Concat(Given.Subscribe(1).Filter("a").Encode(ProtocolVersion.V50))) await stream.WriteAsync((byte[])[one]);

        Assert.Equal(ReasonCode.Success, (await peer.ReadPacketAsync(PacketType.Connack)).Reason);
        await peer.ReadPacketAsync(PacketType.Suback);
    }

    [Theory]
    [InlineData(70_000)]
    [InlineData(1_500_000)]
    public async Task Large_messages_arrive_whole_at_a_client_that_reads_late(int size)
    {
        const int Count = 8;
        await using var server = await TestServer.StartAsync(Tcp);
        await using var readerStream = await server.OpenAsync("tcp");
        await using var writerStream = await server.OpenAsync("tcp");
        var reader = await StreamPeer.ConnectAsync(readerStream, Given.Client("reader"));
        await reader.SendAsync(Given.Subscribe(1).Filter("a", Qos.AtLeastOnce));
        await reader.ReadPacketAsync(PacketType.Suback);
        var writer = await StreamPeer.ConnectAsync(writerStream, Given.Client("writer"));
        var payloads = Enumerable.Range(0, Count).Select(number => Enumerable.Repeat((byte)number, size).ToArray()).ToList();

        // All are taken before the first is read: more than the sockets hold waits in the broker.
        for (ushort i = 0; i < Count; i++)
        {
            await writer.SendAsync(Given.Publish("a").Payload(payloads[i]).Qos1((ushort)(i + 1)));
            await writer.ReadPacketAsync(PacketType.Puback);
        }

        for (ushort i = 0; i < Count; i++)
        {
            var packet = await reader.ReadPacketAsync(PacketType.Publish);
            Assert.True(packet.Payload.AsSpan().SequenceEqual(payloads[i]));
            await reader.SendAsync(Given.Puback(packet.PacketId));
        }
    }

    [Fact]
    public async Task Last_packet_reaches_a_client_that_goes_on_sending()
    {
        await using var server = await TestServer.StartAsync(Tcp);
        await using var stream = await server.OpenAsync("tcp");
        var peer = await StreamPeer.ConnectAsync(stream, Given.Client("c"));

        // A packet of type 0, and much behind it that nobody reads any more: to close the socket at once would answer it with a reset.
        await peer.SendAsync([0x00, 0x00, .. new byte[200_000]]);

        await peer.ExpectDisconnectAsync(ReasonCode.MalformedPacket);
    }

    [Fact]
    public async Task Message_of_a_client_that_comes_back_at_once_is_not_lost()
    {
        const int Count = 300;
        await using var server = await TestServer.StartAsync(Tcp);
        await using var readerStream = await server.OpenAsync("tcp");
        var reader = await StreamPeer.ConnectAsync(readerStream, Given.Client("reader"));
        await reader.SendAsync(Given.Subscribe(1).Filter("a"));
        await reader.ReadPacketAsync(PacketType.Suback);

        for (var i = 0; i < Count; i++)
        {
            // The next CONNECT comes through another thread, and may be read before this.
            await using var stream = await server.OpenAsync("tcp");
            await using var again = await server.OpenAsync("tcp");
            var client = await StreamPeer.ConnectAsync(stream, Given.Client("c"));
            var connect = Given.Client("c").Encode();
            await client.SendAsync(Given.Publish("a").Payload($"{i}"));
            await again.WriteAsync(connect);

            Assert.Equal(ReasonCode.Success, (await StreamPeer.Over(again).ReadPacketAsync(PacketType.Connack)).Reason);
            Assert.Equal($"{i}", Encoding.UTF8.GetString((await reader.ReadPacketAsync(PacketType.Publish)).Payload));
        }
    }

    [Fact]
    public async Task Messages_reach_nobody_whose_socket_has_the_number_of_a_former_one()
    {
        await using var server = await TestServer.StartAsync(Tcp);
        await using var writerStream = await server.OpenAsync("tcp");
        var writer = await StreamPeer.ConnectAsync(writerStream, Given.Client("writer"));
        var number = 0;
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            for (; !stop.IsCancellationRequested; number++)
            {
                await writer.SendAsync(Given.Publish($"to/{number % 8}").Payload($"{number % 8}"));
                if (number % 100 == 0) await writer.ExpectNothingAsync();
            }
        });

        // Eight clients come and go while messages for the ones before them are being sent.
        await Parallel.ForAsync(0, 8, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (client, _) =>
        {
            for (var round = 0; round < 40; round++)
            {
                await using var stream = await server.OpenAsync("tcp");
                var peer = await StreamPeer.ConnectAsync(stream, Given.Client($"c{client}-{round}"));
                await peer.SendAsync(Given.Subscribe(1).Filter($"to/{client}", Qos.AtMostOnce));
                // Messages may come before the SUBACK (section 3.8.4).
                for (var left = 4; left > 0; left--)
                {
                    var packet = await peer.ReadPacketAsync();
                    if (packet.Type != PacketType.Suback) Assert.Equal($"PUBLISH {client}", $"{packet.Type.ToString().ToUpperInvariant()} {packet.PayloadText}");
                }
            }
        });

        await stop.CancelAsync();
        await writing;
    }
}
