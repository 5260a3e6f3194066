using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.TestKit.Packets;

/// <summary>A CONNACK to expect. Properties that it does not name may be there.</summary>
public sealed record ConnackBuilder : PacketBuilder<ConnackBuilder>
{
    internal ReasonCode Reason { get; init; }

    private bool IsSessionPresent { get; init; }

    public ConnackBuilder SessionPresent(bool present = true) => this with { IsSessionPresent = present };

    public override byte[] Encode(ProtocolVersion version)
    {
        var code = version == ProtocolVersion.V50 ? (byte)Reason : Reason.ToConnectReturnCode();
        if (code is null) throw new InvalidOperationException($"CONNACK has no return code for {Reason} before 5.0: expect a close instead.");

        var packet = new ConnackPacket { SessionPresent = IsSessionPresent, Code = code.Value, Properties = Properties };
        var bytes = new byte[packet.GetEncodedSize(version)];
        packet.Encode(bytes, version);
        return bytes;
    }

    internal override bool MayCarryUnnamed(PropertyId id) => true;
}
