using Avocet.Protocol.Packets;

namespace Avocet.Broker.Storage.Records;

/// <summary>The options of a subscription: the value of <see cref="StoreTable.Subscriptions"/>. The filter is in the key.</summary>
/// <param name="Options">As granted; the byte is that of SUBSCRIBE in 5.0.</param>
/// <param name="SubscriptionId">The Subscription Identifier, or 0.</param>
/// <param name="OwesRetained">Whether the retained messages that match it were not all handed over to the session yet.</param>
public readonly record struct SubscriptionRecord(SubscriptionOptions Options, uint SubscriptionId, bool OwesRetained = false)
{
    private const int OwesRetainedFlag = 0x40;

    public void Write(RecordWriter writer)
    {
        writer.WriteByte((byte)(Options.Encoded | (OwesRetained ? OwesRetainedFlag : 0)));
        writer.WriteNumber((ulong)SubscriptionId);
    }

    /// <exception cref="StoreException">It is damaged.</exception>
    public static SubscriptionRecord Read(ref RecordReader reader)
    {
        var read = reader.ReadByte();
        var options = (byte)(read & ~OwesRetainedFlag);
        if ((options & 0x03) == 0x03 || options > 0x2F) throw reader.Damaged("its options are impossible");

        return new SubscriptionRecord(SubscriptionOptions.From(options), (uint)reader.ReadNumber(), read != options);
    }
}
