using Avocet.Broker.Sessions;
using Avocet.Protocol;
using Avocet.Protocol.Packets;

namespace Avocet.Broker.Topics;

/// <summary>One session's subscription to one filter. A re-subscribe makes a new one.</summary>
internal sealed class Subscription
{
    public Subscription(Session session, byte[] filter, SubscriptionOptions options, uint subscriptionId)
    {
        Session = session;
        Filter = filter;
        Qos = options.MaximumQos;
        NoLocal = options.NoLocal;
        RetainAsPublished = options.RetainAsPublished;
        SubscriptionIds = subscriptionId == 0 ? null : [subscriptionId];
    }

    public Session Session { get; }

    /// <summary>The whole filter, mount point and <c>$share/{ShareName}/</c> included.</summary>
    public byte[] Filter { get; }

    /// <summary>The granted QoS.</summary>
    public Qos Qos { get; }

    public bool NoLocal { get; }

    public bool RetainAsPublished { get; }

    /// <summary>The Subscription Identifier as an array of one, or null: the form in which deliveries carry it.</summary>
    public uint[]? SubscriptionIds { get; }

    /// <summary>The shared group it is a member of, or null.</summary>
    public SharedGroup? Group { get; set; }

    /// <summary>The retained messages that still have to be sent because of it, or null. The session's gate guards it.</summary>
    public LinkedListNode<RetainedReplay>? Replay { get; set; }

    /// <summary>Its place in the <see cref="SubscriberSet"/>.</summary>
    internal int Slot { get; set; }
}
