namespace Avocet.Broker.Storage.Records;

/// <summary>How far the delivery of a message has come, where that differs from "not acknowledged".</summary>
public enum ProgressState : byte
{
    /// <summary>Done, with others before it that are not.</summary>
    Done = 0,

    /// <summary>PUBREC has come: PUBREL is owed, and the message is gone. [MQTT-4.3.3-6]</summary>
    Pubrel = 1,
}

/// <summary>Deliveries, one behind the other, which differ in the same way.</summary>
/// <param name="Sequence">The first one's sequence number.</param>
/// <param name="State">What they are.</param>
/// <param name="Length">How many sequence numbers, 1 at least.</param>
public readonly record struct ProgressException(long Sequence, ProgressState State, long Length = 1);

/// <summary>How far a session's deliveries have come: the value of <see cref="StoreTable.Progress"/>.</summary>
/// <param name="Head">All deliveries below this sequence number are done.</param>
/// <param name="Exceptions">Those from it on which are done or owe a PUBREL, in order of their sequence numbers.</param>
public readonly record struct ProgressRecord(long Head, IReadOnlyList<ProgressException> Exceptions)
{
    /// <summary>Nothing is known of the deliveries from this sequence number on.</summary>
    public long End => Exceptions.Count == 0 ? Head : Exceptions[^1].Sequence + Exceptions[^1].Length;

    /// <summary>Whether a delivery needs its message no more.</summary>
    public bool IsDone(long sequence)
    {
        if (sequence < Head) return true;

        foreach (var exception in Exceptions)
        {
            if (sequence < exception.Sequence) return false;
            if (sequence < exception.Sequence + exception.Length) return true;
        }

        return false;
    }

    public void Write(RecordWriter writer)
    {
        writer.WriteNumber(Head);
        var last = Head;
        foreach (var (sequence, state, length) in Exceptions)
        {
            writer.WriteNumber(((ulong)(sequence - last) << 1) | (byte)state);
            writer.WriteNumber(length);
            last = sequence + length;
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
            var sequence = last + (long)(number >> 1);
            var length = reader.ReadInt64();
            if (length < 1 || sequence < last) throw reader.Damaged("a run of deliveries is impossible");

            exceptions.Add(new ProgressException(sequence, (ProgressState)(number & 1), length));
            last = sequence + length;
        }

        return new ProgressRecord(head, exceptions);
    }
}
