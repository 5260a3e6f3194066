namespace Avocet.TestKit.Vectors;

/// <summary>All tables of packets together. Codec tests, broker tests and the fuzzer take their packets from here.</summary>
public static class PacketVectors
{
    /// <summary>Valid packets: every packet in every version that has it, every property at least once.</summary>
    public static IReadOnlyList<PacketVector> Valid { get; } =
        [.. ConnectVectors.All, .. PublishVectors.All, .. AcknowledgementVectors.All, .. SubscriptionVectors.All, .. ConnectionVectors.All];

    /// <summary>Packets that a decoder refuses.</summary>
    public static IReadOnlyList<MalformedVector> Malformed { get; } =
        [.. MalformedConnectVectors.All, .. MalformedPublishVectors.All, .. MalformedSubscriptionVectors.All, .. MalformedConnectionVectors.All];

    /// <summary>Packets that a decoder takes, but a server refuses.</summary>
    public static IReadOnlyList<MalformedVector> Forbidden => ForbiddenVectors.All;
}
