using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Server.Tests;

/// <summary>A script publishes and is gone: without DISCONNECT, without reading CONNACK, perhaps before the broker has looked at it.</summary>
public sealed class PublishAndLeaveTests
{
    private const int Count = 300;

    [Fact]
    public async Task Message_of_a_client_that_closes_at_once_is_delivered()
    {
        await using var server = await TestServer.StartAsync(new ListenerOptions { Name = "tcp", Port = ListenPort.Auto });
        await using var stream = await server.OpenAsync("tcp");
        var subscriber = await StreamPeer.ConnectAsync(stream, Given.Client("subscriber"));
        await subscriber.SendAsync(Given.Subscribe(1).Filter("t/#"));
        await subscriber.ExpectAsync(Given.Suback(1, 0));

        for (var number = 0; number < Count; number++)
        {
            var client = Given.Client($"script-{number}");
            byte[] bytes = [.. client.Encode(), .. Given.Publish($"t/{number}").Encode(client.ProtocolVersion)];
            await using var leaving = await server.OpenAsync("tcp");
            await leaving.WriteAsync(bytes, TestContext.Current.CancellationToken);
        }

        var received = new HashSet<string>();
        for (var number = 0; number < Count; number++) received.Add((await subscriber.ReadPacketAsync(Protocol.PacketType.Publish)).TopicName!);

        Assert.Equal(Count, received.Count);
    }
}
