using System.IO.Pipelines;
using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Xunit;

namespace Avocet.Server.Tests.Support;

/// <summary>Makes the test kit's raw client talk over a real connection.</summary>
internal static class StreamPeer
{
    public static TestPeer Over(Stream stream, ProtocolVersion version = ProtocolVersion.V50) =>
        new(PipeReader.Create(stream), PipeWriter.Create(stream), Task.CompletedTask, version, new CancellationTokenSource());

    /// <summary>Sends CONNECT and expects to be let in.</summary>
    public static async Task<TestPeer> ConnectAsync(Stream stream, ClientBuilder client)
    {
        var peer = Over(stream, client.ProtocolVersion);
        await peer.SendAsync(client.Encode());
        var connack = await peer.ReadPacketAsync(PacketType.Connack);
        Assert.Equal(ReasonCode.Success, connack.Reason);
        return peer;
    }
}
