using Avocet.Broker;
using Avocet.Management.Resources;
using Microsoft.Extensions.Logging;

namespace Avocet.Management;

/// <summary>What the management listener asks: the broker, and the process around it.</summary>
public sealed record ManagementSources
{
    public required MqttBroker Broker { get; init; }

    /// <summary>Avocet's version.</summary>
    public required string Version { get; init; }

    public required Func<IReadOnlyList<ListenerDocument>> Listeners { get; init; }

    /// <summary>Everything that is set, secrets without their value.</summary>
    public required Func<IReadOnlyList<SettingDocument>> Settings { get; init; }

    /// <summary>Reads the configuration again, as SIGHUP does.</summary>
    public required Func<ReloadDocument> Reload { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    public required ILoggerFactory LoggerFactory { get; init; }
}
