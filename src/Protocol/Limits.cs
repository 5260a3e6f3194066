namespace Avocet.Protocol;

/// <summary>The limits which the wire format itself sets, in bytes unless said.</summary>
public static class Limits
{
    /// <summary>The largest Variable Byte Integer and Remaining Length.</summary>
    public const int RemainingLengthMax = 268_435_455;

    /// <summary>The largest packet: one byte, four bytes of Remaining Length, and the rest.</summary>
    public const int PacketSizeMax = 1 + VarIntSizeMax + RemainingLengthMax;

    /// <summary>The largest UTF-8 string or Binary Data.</summary>
    public const int StringSizeMax = ushort.MaxValue;

    /// <summary>The largest encoding of a Variable Byte Integer.</summary>
    public const int VarIntSizeMax = 4;

    /// <summary>The largest fixed header.</summary>
    public const int FixedHeaderSizeMax = 1 + VarIntSizeMax;

    /// <summary>Receive Maximum when the property is absent.</summary>
    public const ushort ReceiveMaximumDefault = ushort.MaxValue;

    /// <summary>The largest Subscription Identifier.</summary>
    public const int SubscriptionIdMax = RemainingLengthMax;

    /// <summary>Session Expiry Interval, in seconds, of a session that never expires.</summary>
    public const uint SessionNeverExpires = uint.MaxValue;
}
