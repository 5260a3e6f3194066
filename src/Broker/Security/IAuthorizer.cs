using Avocet.Protocol;

namespace Avocet.Broker.Security;

/// <summary>Says what a connected client may do. Called on the message path: it must be quick and must not block.</summary>
public interface IAuthorizer
{
    /// <param name="client">Who asks.</param>
    /// <param name="topicName">The Topic Name, mount point included.</param>
    /// <param name="qos">The QoS of the message.</param>
    /// <param name="retain">Whether it is to be retained.</param>
    bool MayPublish(ClientIdentity client, ReadOnlySpan<byte> topicName, Qos qos, bool retain);

    /// <param name="client">Who asks.</param>
    /// <param name="topicFilter">The Topic Filter, mount point included, without <c>$share/{ShareName}/</c>.</param>
    /// <param name="qos">The requested QoS.</param>
    bool MaySubscribe(ClientIdentity client, ReadOnlySpan<byte> topicFilter, Qos qos);
}
