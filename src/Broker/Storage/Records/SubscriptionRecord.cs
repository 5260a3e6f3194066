using Avocet.Protocol.Packets;

namespace Avocet.Broker.Storage.Records;

/// <summary>The options of a subscription: the value of <see cref="StoreTable.Subscriptions"/>. The filter is in the key.</summary>
/// <param name="Options">As granted; the byte is that of SUBSCRIBE in 5.0.</param>
/// <param name="SubscriptionId">The Subscription Identifier, or 0.</param>
public readonly record struct SubscriptionRecord(SubscriptionOptions Options, uint SubscriptionId)
{
    public void Write(RecordWriter writer)
    {
        writer.WriteByte(Options.Encoded);
        writer.WriteNumber((ulong)SubscriptionId);
    }

    /// <exception cref="StoreException">It is damaged.</exception>
    public static SubscriptionRecord Read(ref RecordReader reader)
    {
        var options = reader.ReadByte();
        if ((options & 0x03) == 0x03 || options > 0x2F) throw reader.Damaged("its options are impossible");

        return new SubscriptionRecord(SubscriptionOptions.From(options), (uint)reader.ReadNumber());
    }
}
