using Avocet.Protocol;
using Avocet.Protocol.Packets;
using BenchmarkDotNet.Attributes;

namespace Avocet.Micro;

/// <summary>A PUBLISH from bytes and to bytes.</summary>
public class CodecBenchmarks
{
    private readonly byte[] _payload = new byte[64];
    private readonly byte[] _buffer = new byte[256];
    private byte[] _packet = [];

    /// <summary>4 is MQTT 3.1.1.</summary>
    [Params(ProtocolVersion.V311, ProtocolVersion.V50)]
    public ProtocolVersion Version { get; set; }

    private PublishPacket Packet => new() { TopicName = "plant/line7/machine12/temperature"u8, Payload = _payload, Qos = Qos.AtLeastOnce, PacketId = 7 };

    [GlobalSetup]
    public void Setup()
    {
        var packet = Packet;
        _packet = new byte[packet.GetEncodedSize(Version)];
        packet.Encode(_packet, Version);
    }

    [Benchmark]
    public int Decode()
    {
        FixedHeader.TryRead(_packet, out var header);
        PublishPacket.TryDecode(header, _packet.AsSpan(header.Size, header.RemainingLength), Version, out var packet, out _);
        return packet.Payload.Length;
    }

    [Benchmark]
    public int Encode() => Packet.Encode(_buffer, Version);
}
