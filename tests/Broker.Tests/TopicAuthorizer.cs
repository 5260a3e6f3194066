using System.Text;
using Avocet.Broker.Security;
using Avocet.Protocol;

namespace Avocet.Broker.Tests;

/// <summary>Denies everything that begins with <c>denied</c>; remembers what it was asked.</summary>
internal sealed class TopicAuthorizer : IAuthorizer
{
    public List<string> Asked { get; } = [];

    public bool MayPublish(ClientIdentity client, ReadOnlySpan<byte> topicName, Qos qos, bool retain) => Decide(topicName);

    public bool MaySubscribe(ClientIdentity client, ReadOnlySpan<byte> topicFilter, Qos qos) => Decide(topicFilter);

    private bool Decide(ReadOnlySpan<byte> topic)
    {
        Asked.Add(Encoding.UTF8.GetString(topic));
        return !topic.StartsWith("denied"u8);
    }
}
