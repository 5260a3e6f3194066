using Avocet.Broker.Sessions;
using Avocet.Broker.Storage.Records;

namespace Avocet.Broker.Storage;

/// <summary>
/// Looks on a walk over the stored queues for sequence numbers without a message: a session knows at a start only where its queue begins and ends, and
/// would take what is missing between for messages that fill it.
/// </summary>
internal sealed class GapSearch(IStore store)
{
    private readonly List<QueueGap> _gaps = [];
    private Session? _session;
    private long _last = -1;
    private long _lastBytes;

    /// <summary>Goes on with another queue; the session of the former one is told what was found.</summary>
    public void Begin(Session? session)
    {
        if (_gaps.Count > 0) _session!.PassOver(_gaps);

        _gaps.Clear();
        _session = session;
        _last = -1;
    }

    /// <summary>Takes the next entry behind what was in flight.</summary>
    /// <exception cref="StoreException">It is damaged.</exception>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (_session is null) return;

        var sequence = StoreKeys.SequenceOf(key);
        var reader = new RecordReader(StoreTable.Queue, key, value);
        var bytes = QueueRecord.ReadBytesSoFar(ref reader);
        if (_last >= 0 && sequence > _last + 1) _gaps.Add(new QueueGap(sequence - _last - 1, sequence, Math.Max(0, bytes - _lastBytes - SizeOf(key, value))));

        (_last, _lastBytes) = (sequence, bytes);
    }

    /// <summary>Where the message is gone, all bytes are taken for its own: too many count then, not too few.</summary>
    private long SizeOf(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var reader = new RecordReader(StoreTable.Queue, key, value);
        var record = QueueRecord.Read(ref reader);
        var message = record.Message ?? QueuePage.FindMessage(store, record.MessageNumber);
        return message?.Size ?? long.MaxValue / 2;
    }
}
