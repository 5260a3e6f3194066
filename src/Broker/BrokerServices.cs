using System.IO.Pipelines;
using Avocet.Broker.Security;
using Avocet.Broker.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Avocet.Broker;

/// <summary>What the broker is given from outside.</summary>
public sealed record BrokerServices
{
    /// <summary>The clock and its timers.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Where work that was cut into slices goes on; must not run it on the calling stack without end.</summary>
    public PipeScheduler Scheduler { get; init; } = PipeScheduler.ThreadPool;

    /// <summary>
    /// Where sessions, queues and retained messages are kept, or null to keep them in memory only. Whoever opened it closes it, after the broker.
    /// </summary>
    public IStore? Store { get; init; }

    /// <summary>Where commits to the store run, which block: a thread of its own at best. Scheduled never under a lock, and one at a time.</summary>
    public PipeScheduler StoreScheduler { get; init; } = PipeScheduler.ThreadPool;

    /// <summary>
    /// The share in use of the memory that the broker may use, 1 for all of it; null for no limit. From 85 % on new connections and subscriptions are refused, from
    /// 90 % on QoS 0 is dropped, from 95 % on nothing is taken. Called often, by any thread.
    /// </summary>
    public Func<double>? MemoryShareInUse { get; init; }

    /// <summary>Answers what is published to <c>$CONTROL/…</c>; null: those topics are like others.</summary>
    public ControlHook? Control { get; init; }

    /// <summary>Asked in this order. Empty: only listeners that allow anonymous clients let anyone in.</summary>
    public IReadOnlyList<IAuthenticator> Authenticators { get; init; } = [];

    /// <summary>All must agree. Empty: everything is allowed.</summary>
    public IReadOnlyList<IAuthorizer> Authorizers { get; init; } = [];

    /// <summary>Asked besides, where an answer takes time. Null: nobody.</summary>
    public IRemoteAuthorizer? RemoteAuthorizer { get; init; }

    /// <summary>The mechanisms of enhanced authentication; without a matching one CONNECT is refused with 0x8C.</summary>
    public IReadOnlyList<IEnhancedAuthenticator> EnhancedAuthenticators { get; init; } = [];
}
