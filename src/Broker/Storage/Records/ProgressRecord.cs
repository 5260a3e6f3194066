namespace Avocet.Broker.Storage.Records;

/// <summary>How far the delivery of a message has come, where that differs from "not acknowledged".</summary>
public enum ProgressState : byte
{
    /// <summary>Done, with others before it that are not.</summary>
    Done = 0,

    /// <summary>PUBREC has come: PUBREL is owed, and the message is gone. [MQTT-4.3.3-6]</summary>
    Pubrel = 1,
}

/// <summary>One delivery which differs.</summary>
public readonly record struct ProgressException(long Sequence, ProgressState State);

/// <summary>How far a session's deliveries have come: the value of <see cref="StoreTable.Progress"/>.</summary>
/// <param name="Head">All deliveries below this sequence number are done.</param>
/// <param name="Exceptions">Those from it on which are done or owe a PUBREL, in order of their sequence numbers.</param>
public readonly record struct ProgressRecord(long Head, IReadOnlyList<ProgressException> Exceptions)
{
    public void Write(RecordWriter writer)
    {
        writer.WriteNumber(Head);
        var last = Head;
        foreach (var (sequence, state) in Exceptions)
        {
            writer.WriteNumber(((ulong)(sequence - last) << 1) | (byte)state);
            last = sequence;
        }
    }

    /// <exception cref="StoreException">It is damaged.</exception>
    public static ProgressRecord Read(ref RecordReader reader)
    {
        var head = reader.ReadInt64();
        var exceptions = new List<ProgressException>();
        var last = head;
        while (!reader.IsAtEnd)
        {
            var number = reader.ReadNumber();
            last += (long)(number >> 1);
            exceptions.Add(new ProgressException(last, (ProgressState)(number & 1)));
        }

        return new ProgressRecord(head, exceptions);
    }
}
