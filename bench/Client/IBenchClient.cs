namespace Avocet.ClientBench;

/// <summary>What is measured of a client library.</summary>
internal interface IBenchClient : IAsyncDisposable
{
    /// <summary>Publishes so many messages with a window of unacknowledged ones, and returns when all are acknowledged, or at QoS 0 on their way.</summary>
    Task PublishAsync(string topic, byte[] payload, int qos, int count, int window);

    /// <summary>Subscribes; each message is counted by the call.</summary>
    Task SubscribeAsync(string topic, int qos, Action onMessage);
}
