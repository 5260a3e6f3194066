namespace Avocet.Broker.Sessions;

/// <summary>Whether a session could be opened.</summary>
internal enum OpenResult
{
    /// <summary>CONNACK was sent.</summary>
    Opened,

    /// <summary>Another connection has the session and has to leave it first.</summary>
    TakenByAnother,

    /// <summary>The former session has ended; try again once that is kept.</summary>
    WaitsForCommit,
}
