using System.Text;
using Avocet.Broker.Rates;
using Avocet.Broker.Topics;

namespace Avocet.Broker.Connections;

/// <summary>What a connection keeps for the packets it publishes and subscribes with. It belongs to the read loop.</summary>
internal sealed class PublisherState(BrokerContext context)
{
    private byte[] _topicScratch = [];
    private byte[] _propertyScratch = [];
    private MatchCache? _matches;

    /// <summary>The aliases the client set; null until it sets one.</summary>
    public InboundAliases? Aliases { get; set; }

    /// <summary>How fast the client may send; null for no limit.</summary>
    public SendRate? Rate { get; set; }

    /// <summary>PUBLISH packets that came.</summary>
    public long Messages { get; set; }

    /// <summary>QoS 2 messages received on this connection whose PUBREL has not come.</summary>
    public int ReceivedUnreleased { get; set; }

    /// <summary>The match results of the topics this client publishes to.</summary>
    public MatchCache Matches => _matches ??= new MatchCache(context.Index, context.Topics);

    /// <summary>Working memory for properties of the packet at hand.</summary>
    public ref byte[] PropertyScratch => ref _propertyScratch;

    /// <summary>The topic or filter with the mount point in front; borrowed until the next call.</summary>
    public ReadOnlySpan<byte> Mount(string mountPoint, int mountPointLength, ReadOnlySpan<byte> topic)
    {
        var size = mountPointLength + topic.Length;
        if (_topicScratch.Length < size) _topicScratch = new byte[size];

        Encoding.UTF8.GetBytes(mountPoint, _topicScratch);
        topic.CopyTo(_topicScratch.AsSpan(mountPointLength));
        return _topicScratch.AsSpan(0, size);
    }
}
