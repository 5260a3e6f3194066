using Avocet.Protocol;

namespace Avocet.Client.Publishing;

/// <summary>What is to be published, before it is known whether it has to be kept. The payload is a text or bytes.</summary>
internal readonly record struct PublishRequest(string Topic, Qos Qos, bool Retain)
{
    public ReadOnlyMemory<byte> Payload { get; init; }

    public string? Text { get; init; }

    public MessageProperties? Properties { get; init; }

    /// <summary>Whether the caller waits only until the outbox has it.</summary>
    public bool CompletesWhenAccepted { get; init; }

    public static PublishRequest Of(MqttMessage message) => new(message.Topic, message.Qos, message.Retain)
    {
        Payload = message.Payload,
        Properties = message.PropertiesOrNull,
    };
}
