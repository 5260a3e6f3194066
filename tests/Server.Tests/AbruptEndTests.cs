using Avocet.Protocol;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Server.Tests;

/// <summary>Clients that publish and are gone, as small scripts do: they neither wait for CONNACK nor say DISCONNECT.</summary>
public sealed class AbruptEndTests
{
    private const int ClientCount = 400;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Message_of_a_client_that_leaves_at_once_is_delivered(bool inTwoWrites)
    {
        await using var server = await TestServer.StartAsync(new ListenerOptions { Name = "tcp", Port = ListenPort.Auto });
        await using var stream = await server.OpenAsync("tcp");
        var reader = await StreamPeer.ConnectAsync(stream, Given.Client("reader"));
        await reader.SendAsync(Given.Subscribe(1).Filter("a", Qos.AtMostOnce));
        await reader.ExpectAsync(Given.Suback(1, ReasonCode.Success));

        // Many at a time, so that some connections end before the server has begun to look at them.
        await Parallel.ForAsync(0, ClientCount, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (i, cancellationToken) =>
        {
            await using var client = await server.OpenAsync("tcp");
            var connect = Given.Client($"c{i}").Encode();
            var publish = Given.Publish("a").Payload($"{i}").Encode(ProtocolVersion.V50);
            if (inTwoWrites)
            {
                await client.WriteAsync(connect, cancellationToken);
                await client.WriteAsync(publish, cancellationToken);
            }
            else
            {
                await client.WriteAsync((byte[])[.. connect, .. publish], cancellationToken);
            }
        });

        var missing = Enumerable.Range(0, ClientCount).ToHashSet();
        while (missing.Count > 0)
        {
            var packet = await reader.ReadPacketAsync(PacketType.Publish);
            Assert.True(missing.Remove(int.Parse(packet.PayloadText, System.Globalization.CultureInfo.InvariantCulture)));
        }
    }
}
