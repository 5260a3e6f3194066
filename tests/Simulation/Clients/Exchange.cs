using Avocet.Simulation.Model;

namespace Avocet.Simulation.Clients;

/// <summary>A QoS 1 or 2 message which a client has sent and whose exchange has not ended.</summary>
internal sealed class Exchange(ushort packetId, Message message)
{
    public ushort PacketId { get; } = packetId;

    public Message Message { get; } = message;

    /// <summary>Whether PUBREC has come, so that PUBREL is what is sent again.</summary>
    public bool IsReleased { get; set; }
}
