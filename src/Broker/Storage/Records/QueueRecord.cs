using Avocet.Protocol;

namespace Avocet.Broker.Storage.Records;

/// <summary>
/// A delivery that a session still has before it: the value of <see cref="StoreTable.Queue"/>. The message itself is in it when no other session has it,
/// and in <see cref="StoreTable.Messages"/> when several do.
/// </summary>
public sealed record QueueRecord
{
    private const int RetainFlag = 0x04;
    private const int SharedMessageFlag = 0x08;
    private const int GroupFlag = 0x10;
    private const int IdsFlag = 0x20;

    /// <summary>The QoS of this delivery.</summary>
    public Qos Qos { get; init; }

    /// <summary>The RETAIN flag of this delivery.</summary>
    public bool Retain { get; init; }

    /// <summary>Bytes (topic, properties, payload) of all messages this session ever queued, this one included: what is queued is a difference.</summary>
    public long BytesSoFar { get; init; }

    /// <summary>The Subscription Identifiers to send, or null.</summary>
    public uint[]? SubscriptionIds { get; init; }

    /// <summary>The shared subscription, <c>$share/</c> included, through which the session got it; else null.</summary>
    public byte[]? GroupFilter { get; init; }

    /// <summary>The number in <see cref="StoreTable.Messages"/>, or 0 when the message is here.</summary>
    public long MessageNumber { get; init; }

    /// <summary>The message, or null when it is in <see cref="StoreTable.Messages"/>.</summary>
    public MessageRecord? Message { get; init; }

    public void Write(RecordWriter writer)
    {
        WriteHead(writer, Qos, Retain, BytesSoFar, SubscriptionIds, GroupFilter, MessageNumber);
        Message?.Write(writer);
    }

    /// <summary>Writes all but the message; where <paramref name="messageNumber"/> is 0 it has to follow.</summary>
    public static void WriteHead(RecordWriter writer, Qos qos, bool retain, long bytesSoFar, uint[]? subscriptionIds, byte[]? groupFilter, long messageNumber)
    {
        var flags = (int)qos | (retain ? RetainFlag : 0) | (messageNumber == 0 ? 0 : SharedMessageFlag);
        flags |= (groupFilter is null ? 0 : GroupFlag) | (subscriptionIds is null ? 0 : IdsFlag);
        writer.WriteByte((byte)flags);
        writer.WriteNumber(bytesSoFar);
        if (subscriptionIds is not null)
        {
            writer.WriteNumber((ulong)subscriptionIds.Length);
            foreach (var id in subscriptionIds) writer.WriteNumber((ulong)id);
        }

        if (groupFilter is not null) writer.WriteBytes(groupFilter);
        if (messageNumber != 0) writer.WriteNumber(messageNumber);
    }

    /// <summary>Reads a record to its end.</summary>
    /// <exception cref="StoreException">It is damaged.</exception>
    public static QueueRecord Read(ref RecordReader reader)
    {
        var flags = ReadFlags(ref reader);
        var bytesSoFar = reader.ReadInt64();
        uint[]? ids = null;
        if ((flags & IdsFlag) != 0)
        {
            var count = reader.ReadNumber();
            if (count > ushort.MaxValue) throw reader.Damaged("it has too many Subscription Identifiers");

            ids = new uint[count];
            for (var i = 0; i < ids.Length; i++) ids[i] = (uint)reader.ReadNumber();
        }

        var groupFilter = (flags & GroupFlag) == 0 ? null : reader.ReadBytes().ToArray();
        var isShared = (flags & SharedMessageFlag) != 0;
        return new QueueRecord
        {
            Qos = (Qos)(flags & 0x03),
            Retain = (flags & RetainFlag) != 0,
            BytesSoFar = bytesSoFar,
            SubscriptionIds = ids,
            GroupFilter = groupFilter,
            MessageNumber = isShared ? reader.ReadInt64() : 0,
            Message = isShared ? null : MessageRecord.Read(ref reader),
        };
    }

    /// <summary>Reads as far as the number in <see cref="StoreTable.Messages"/>; 0 when the message is here.</summary>
    /// <exception cref="StoreException">It is damaged.</exception>
    public static long ReadMessageNumber(ref RecordReader reader)
    {
        var flags = ReadFlags(ref reader);
        if ((flags & SharedMessageFlag) == 0) return 0;

        reader.ReadNumber();
        if ((flags & IdsFlag) != 0)
        {
            for (var left = reader.ReadNumber(); left > 0; left--) reader.ReadNumber();
        }

        if ((flags & GroupFlag) != 0) reader.ReadBytes();
        return reader.ReadInt64();
    }

    /// <summary>Reads <see cref="BytesSoFar"/> only.</summary>
    /// <exception cref="StoreException">It is damaged.</exception>
    public static long ReadBytesSoFar(ref RecordReader reader)
    {
        ReadFlags(ref reader);
        return reader.ReadInt64();
    }

    private static byte ReadFlags(ref RecordReader reader)
    {
        var flags = reader.ReadByte();
        return (flags & 0x03) != 0x03 && flags <= 0x3F ? flags : throw reader.Damaged("its flags are impossible");
    }
}
