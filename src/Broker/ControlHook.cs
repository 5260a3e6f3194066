using Avocet.Broker.Security;

namespace Avocet.Broker;

/// <summary>Answers what a client publishes to a topic that begins with <c>$CONTROL/</c>; null for no answer.</summary>
/// <param name="client">Who publishes; that it may was asked before.</param>
/// <param name="topicName">The Topic Name.</param>
/// <param name="payload">The payload.</param>
/// <param name="cancellationToken">Cancelled when the client's connection is to end.</param>
public delegate Task<ControlAnswer?> ControlHook(ClientIdentity client, string topicName, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken);

/// <summary>What the client is answered.</summary>
/// <param name="TopicName">The topic of the answer.</param>
/// <param name="Payload">The answer.</param>
public sealed record ControlAnswer(string TopicName, ReadOnlyMemory<byte> Payload)
{
    /// <summary>What is to be done once the answer is on its way, such as to end connections, this one among them; null for nothing.</summary>
    public Action? After { get; init; }
}
