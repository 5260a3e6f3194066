using Avocet.Protocol;

namespace Avocet.Cli.Store.Mosquitto;

/// <summary>Where Mosquitto is with a message; the numbers are those of its file.</summary>
internal enum MosquittoState : byte
{
    WaitForPubrel = 7,
    ResendPubrel = 6,
    ResendPubcomp = 8,
    WaitForPubcomp = 9,
    SendPubrec = 10,
    Queued = 11,
}

/// <summary>A message on its way to a client, or from it.</summary>
internal readonly record struct MosquittoDelivery
{
    public required ulong MessageId { get; init; }

    public required ushort PacketId { get; init; }

    public required Qos Qos { get; init; }

    public required MosquittoState State { get; init; }

    public required bool Retain { get; init; }

    public required uint[]? SubscriptionIds { get; init; }

    /// <summary>PUBREC has come; only PUBREL and PUBCOMP are left.</summary>
    public bool OwesPubrel => State is MosquittoState.ResendPubrel or MosquittoState.WaitForPubcomp;

    /// <summary>The client may have seen the message under its Packet Identifier.</summary>
    public bool MayBeSent => State is not (MosquittoState.Queued or MosquittoState.SendPubrec) && PacketId != 0;
}
