namespace Avocet.Client.Connections;

/// <summary>Counts for <see cref="ClientStatistics"/>. Those of sending change under the client's gate, those of receiving in the read loop alone.</summary>
internal sealed class Counters
{
    public long MessagesSent;
    public long MessagesReceived;
    public long MessagesDropped;
    public long BytesSent;
    public long BytesReceived;
    public long AliasBytesSaved;
    public long Connections;

    public ClientStatistics Read(int outstanding) => new()
    {
        MessagesSent = Volatile.Read(ref MessagesSent),
        MessagesReceived = Volatile.Read(ref MessagesReceived),
        MessagesDropped = Volatile.Read(ref MessagesDropped),
        MessagesOutstanding = outstanding,
        BytesSent = Volatile.Read(ref BytesSent),
        BytesReceived = Volatile.Read(ref BytesReceived),
        AliasBytesSaved = Volatile.Read(ref AliasBytesSaved),
        Connections = Volatile.Read(ref Connections),
    };
}
