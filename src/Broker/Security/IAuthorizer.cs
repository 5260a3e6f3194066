using Avocet.Protocol;

namespace Avocet.Broker.Security;

/// <summary>Says what a connected client may do. Called on the message path: it must be quick and must not block.</summary>
public interface IAuthorizer
{
    /// <summary>
    /// A number that goes up whenever an answer may change; until then answers are kept for each session and topic. Null: each time is asked again.
    /// </summary>
    int? Version => null;

    /// <summary>Whether <see cref="MayReceive"/> ever says no.</summary>
    bool ChecksDelivery => false;

    /// <param name="client">Who asks.</param>
    /// <param name="topicName">The Topic Name, mount point included.</param>
    /// <param name="qos">The QoS of the message.</param>
    /// <param name="retain">Whether it is to be retained.</param>
    bool MayPublish(ClientIdentity client, ReadOnlySpan<byte> topicName, Qos qos, bool retain);

    /// <param name="client">Who asks.</param>
    /// <param name="topicFilter">The Topic Filter, mount point included, without <c>$share/{ShareName}/</c>.</param>
    /// <param name="qos">The requested QoS.</param>
    bool MaySubscribe(ClientIdentity client, ReadOnlySpan<byte> topicFilter, Qos qos);

    /// <summary>Whether a client may end a subscription.</summary>
    /// <param name="client">Who asks.</param>
    /// <param name="topicFilter">The Topic Filter, as for a subscription.</param>
    bool MayUnsubscribe(ClientIdentity client, ReadOnlySpan<byte> topicFilter) => true;

    /// <summary>Whether a message may go to a client that has subscribed; asked for each message, so that a change of the rules counts at once.</summary>
    /// <param name="client">Who would get it.</param>
    /// <param name="topicName">The Topic Name, mount point included.</param>
    bool MayReceive(ClientIdentity client, ReadOnlySpan<byte> topicName) => true;

    /// <summary>
    /// The rule that decides, in words, such as a file and line, a role or a claim; null where it cannot be told. For who asks afterwards: it may take its time,
    /// but must not block.
    /// </summary>
    /// <param name="client">Who asks.</param>
    /// <param name="topic">The Topic Name or Topic Filter, mount point included.</param>
    /// <param name="wish">What the client would do with it.</param>
    string? Explain(ClientIdentity client, ReadOnlySpan<byte> topic, AccessWish wish) => null;
}
