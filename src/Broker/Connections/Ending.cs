using Avocet.Broker.Wills;
using Avocet.Protocol;

namespace Avocet.Broker.Connections;

/// <summary>Why a connection ends.</summary>
internal enum EndingCause
{
    /// <summary>The client sent DISCONNECT.</summary>
    ClientDisconnected,

    /// <summary>The transport ended without DISCONNECT.</summary>
    ConnectionLost,

    /// <summary>The CONNECT was refused; CONNACK, where there is one, was sent.</summary>
    Refused,

    /// <summary>The client sent something that MQTT does not allow.</summary>
    ProtocolFault,

    KeepAliveTimeout,

    ConnectTimeout,

    TakenOver,

    ServerShutdown,

    /// <summary>What let the client in holds no longer: another password, an expired token, an administrator's wish.</summary>
    AccessRevoked,

    /// <summary>The store failed while a 3.x client published, and works again.</summary>
    Unanswered,

    /// <summary>The client sends more than it may.</summary>
    RateExceeded,

    /// <summary>A fault of the broker's own.</summary>
    ServerFault,
}

/// <summary>How a connection ends. The first one said counts.</summary>
/// <param name="Cause">Why.</param>
/// <param name="Reason">The reason code for DISCONNECT, or the client's own.</param>
/// <param name="Detail">For the log and, where the broker ends the connection, the Reason String.</param>
internal sealed record Ending(EndingCause Cause, ReasonCode Reason, string Detail)
{
    /// <summary>Who was refused, where nothing else says it.</summary>
    public string? ClientId { get; init; }

    /// <summary>What becomes of the client's will.</summary>
    public WillFate Will => Cause switch
    {
        EndingCause.ClientDisconnected when Reason == ReasonCode.Success => WillFate.Deleted,
        EndingCause.ServerShutdown => WillFate.Postponed,
        _ => WillFate.Published,
    };

    /// <summary>For the log.</summary>
    public string Summary => Cause switch
    {
        EndingCause.ClientDisconnected => $"the client sent DISCONNECT {Reason.Describe()}",
        EndingCause.ConnectionLost => Detail,
        _ => $"{Reason.Describe()}: {Detail}",
    };

    /// <summary>Whether the client is told by DISCONNECT, where its version has one from the broker.</summary>
    public bool SendsDisconnect => Cause is EndingCause.ProtocolFault or EndingCause.KeepAliveTimeout or EndingCause.TakenOver or EndingCause.ServerShutdown
        or EndingCause.RateExceeded or EndingCause.ServerFault or EndingCause.AccessRevoked;
}
