using System.Text;
using Avocet.Client.Connections;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Topics;

namespace Avocet.Client.Subscriptions;

/// <summary>A Topic Filter that this client subscribes to, once for all who do. Used under the client's gate, but for what never changes.</summary>
internal sealed class FilterEntry
{
    private readonly byte[] _matched;

    public FilterEntry(string filter, int id)
    {
        Filter = filter;
        Id = id;
        Utf8 = Encoding.UTF8.GetBytes(filter);
        _matched = SharedFilter.TryParse(Utf8, out var shared) ? shared.Filter.ToArray() : Utf8;
    }

    public string Filter { get; }

    /// <summary>The Subscription Identifier.</summary>
    public int Id { get; }

    public byte[] Utf8 { get; }

    public List<Subscription> Subscriptions { get; } = [];

    /// <summary>The options on the wire.</summary>
    public SubscriptionOptions Options { get; private set; }

    public IReadOnlyList<UserProperty> UserProperties { get; private set; } = [];

    public bool Matches(ReadOnlySpan<byte> topic) => TopicFilter.Matches(_matched, topic);

    /// <summary>A filter has one set of options at the broker: the highest QoS of all who subscribe, and for the rest what the last one asked.</summary>
    public void Merge(SubscribeOptions options)
    {
        var qos = Subscriptions.Aggregate(options.Qos, (highest, subscription) => subscription.Options.Qos > highest ? subscription.Options.Qos : highest);
        Options = new SubscriptionOptions(qos, options.NoLocal, options.RetainAsPublished, options.RetainHandling);
        UserProperties = options.UserProperties;
    }
}

/// <summary>A SUBSCRIBE or UNSUBSCRIBE until it is acknowledged.</summary>
internal sealed class SubscriptionExchange(string filter, FilterEntry? entry) : Exchange
{
    private readonly TaskCompletionSource<ReasonCode> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Filter { get; } = filter;

    /// <summary>What is subscribed; null for UNSUBSCRIBE.</summary>
    public FilterEntry? Entry { get; } = entry;

    /// <summary>Completes with the broker's answer.</summary>
    public Task<ReasonCode> Done => _done.Task;

    public void Complete(ReasonCode reason) => _done.TrySetResult(reason);

    public void Fail(Exception exception)
    {
        // Nobody may wait for it.
        if (_done.TrySetException(exception)) _ = _done.Task.Exception;
    }
}

/// <summary>Where the messages of one topic go.</summary>
/// <param name="Topic">The topic as text, made once.</param>
/// <param name="Entries">The filters that match.</param>
/// <param name="Subscriptions">All who subscribe to one of them.</param>
internal sealed record TopicRoute(string Topic, FilterEntry[] Entries, Subscription[] Subscriptions);
