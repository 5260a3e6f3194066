namespace Avocet.Client;

/// <summary>What a client has done since it was made.</summary>
public readonly record struct ClientStatistics
{
    /// <summary>Messages handed to connections, repetitions included.</summary>
    public long MessagesSent { get; init; }

    /// <summary>Messages received, those dropped included.</summary>
    public long MessagesReceived { get; init; }

    /// <summary>Received messages that were dropped because a buffer was full or nobody subscribed to them.</summary>
    public long MessagesDropped { get; init; }

    /// <summary>Messages that wait to be sent or acknowledged.</summary>
    public int MessagesOutstanding { get; init; }

    /// <summary>Bytes sent.</summary>
    public long BytesSent { get; init; }

    /// <summary>Bytes received.</summary>
    public long BytesReceived { get; init; }

    /// <summary>Bytes of topics that Topic Aliases kept from being sent, those spent to introduce aliases subtracted.</summary>
    public long AliasBytesSaved { get; init; }

    /// <summary>Connections that were made.</summary>
    public long Connections { get; init; }
}
