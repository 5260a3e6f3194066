namespace Avocet.Testing;

/// <summary>What goes wrong with a connection: see <see cref="TestMqttBroker.Arrange(ConnectionFaults)"/>.</summary>
public sealed record ConnectionFaults
{
    /// <summary>Nothing.</summary>
    public static ConnectionFaults None { get; } = new();

    /// <summary>Whether there is no connection at all, as when the broker is down.</summary>
    public bool IsRefused { get; init; }

    /// <summary>From the client to the broker.</summary>
    public DirectionFaults ToBroker { get; init; } = new();

    /// <summary>From the broker to the client.</summary>
    public DirectionFaults ToClient { get; init; } = new();
}
