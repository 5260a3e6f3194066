namespace Avocet.Broker.Inspection;

/// <summary>By what a list of clients is sorted.</summary>
public enum ClientSort
{
    ClientId,
    ConnectedAt,
    QueuedMessages,
    QueuedBytes,
    Drops,
    BytesReceived,
    BytesSent,
    MessagesReceived,
    MessagesSent,
}

/// <summary>Which clients to list.</summary>
public sealed record ClientQuery
{
    /// <summary>A part of the client identifier, the user name or the address, in any case; null for all.</summary>
    public string? Text { get; init; }

    /// <summary>Null for both.</summary>
    public bool? IsConnected { get; init; }

    /// <summary>The name of a listener; null for all.</summary>
    public string? Listener { get; init; }

    public ClientSort Sort { get; init; }

    public bool IsDescending { get; init; }

    /// <summary>Clients to leave out at the beginning.</summary>
    public int Skip { get; init; }

    /// <summary>Clients to list at most.</summary>
    public int Max { get; init; } = 100;
}

/// <summary>A part of a list of clients.</summary>
/// <param name="Clients">The clients.</param>
/// <param name="Total">How many the query meant in all.</param>
public sealed record ClientPage(IReadOnlyList<ClientInfo> Clients, int Total);
