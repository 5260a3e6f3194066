using System.Text;
using Avocet.Broker.Sessions;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Topics;

namespace Avocet.Broker.Topics;

/// <summary>One session's subscription to one filter. A re-subscribe makes a new one.</summary>
internal sealed class Subscription
{
    private readonly int _mountPointLength;
    private readonly bool _beginsWithWildcard;

    public Subscription(Session session, byte[] filter, SubscriptionOptions options, uint subscriptionId)
    {
        Session = session;
        Filter = filter;
        Options = options;
        SubscriptionIds = subscriptionId == 0 ? null : [subscriptionId];
        _mountPointLength = Encoding.UTF8.GetByteCount(session.MountPoint);
        var mounted = SharedFilter.TryParse(filter, out var shared) ? shared.Filter : filter;
        _beginsWithWildcard = mounted[_mountPointLength] is (byte)'#' or (byte)'+';
    }

    public Session Session { get; }

    /// <summary>The whole filter, mount point and <c>$share/{ShareName}/</c> included.</summary>
    public byte[] Filter { get; }

    /// <summary>As granted.</summary>
    public SubscriptionOptions Options { get; }

    /// <summary>The granted QoS.</summary>
    public Qos Qos => Options.MaximumQos;

    public bool NoLocal => Options.NoLocal;

    public bool RetainAsPublished => Options.RetainAsPublished;

    /// <summary>The Subscription Identifier as an array of one, or null: the form in which deliveries carry it.</summary>
    public uint[]? SubscriptionIds { get; }

    /// <summary>The shared group it is a member of, or null.</summary>
    public SharedGroup? Group { get; set; }

    /// <summary>The retained messages that still have to be sent because of it, or null. The session's gate guards it.</summary>
    public LinkedListNode<RetainedReplay>? Replay { get; set; }

    /// <summary>Its place in the <see cref="SubscriberSet"/>.</summary>
    internal int Slot { get; set; }

    /// <summary>
    /// Whether a topic that matches is one for the client too, which sees neither its mount point nor a topic that is nothing but that
    /// [MQTT-4.7.3-1]; where its topics begin, wildcards do not match "$". [MQTT-4.7.2-1]
    /// </summary>
    public bool Covers(ReadOnlySpan<byte> topicName)
    {
        if (_mountPointLength == 0) return true;
        if (topicName.Length <= _mountPointLength) return false;

        return !_beginsWithWildcard || topicName[_mountPointLength] != '$';
    }
}
