namespace Avocet.Client;

/// <summary>Where a client stands.</summary>
public enum ConnectionState
{
    /// <summary>Not started.</summary>
    Idle,

    /// <summary>An attempt is under way.</summary>
    Connecting,

    /// <summary>The broker has let it in.</summary>
    Connected,

    /// <summary>The connection is lost; the next attempt comes after a pause.</summary>
    Waiting,

    /// <summary>The end; the client cannot be used any more.</summary>
    Closed,
}
