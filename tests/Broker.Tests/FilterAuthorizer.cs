using System.Text;
using Avocet.Broker.Security;
using Avocet.Protocol;

namespace Avocet.Broker.Tests;

/// <summary>Denies subscribing to one filter; everything may be published.</summary>
internal sealed class FilterAuthorizer(string deniedFilter) : IAuthorizer
{
    private readonly byte[] _deniedFilter = Encoding.UTF8.GetBytes(deniedFilter);

    public bool MayPublish(ClientIdentity client, ReadOnlySpan<byte> topicName, Qos qos, bool retain) => true;

    public bool MaySubscribe(ClientIdentity client, ReadOnlySpan<byte> topicFilter, Qos qos) => !topicFilter.SequenceEqual(_deniedFilter);
}
