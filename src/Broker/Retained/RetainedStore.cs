using System.Diagnostics.CodeAnalysis;
using Avocet.Broker.Routing;
using Avocet.Broker.Time;

namespace Avocet.Broker.Retained;

/// <summary>
/// The retained message of each topic, in a tree of levels. Every call holds the lock for a short while only: a search with wildcards goes on in
/// slices, with a cursor that stays good while the tree changes.
/// </summary>
internal sealed class RetainedStore(Clock clock, Action<byte[]>? onExpired)
{
    private readonly Lock _gate = new();
    private readonly RetainedNode _root = new([], null);
    private RetainedCursor? _sweep;
    private int _count;

    /// <summary>Retained messages, expired ones that nobody has met yet included.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Replaces the retained message of a topic [MQTT-3.3.1-5], or removes it when <paramref name="message"/> is null; returns the one before.</summary>
    public Message? Set(ReadOnlySpan<byte> topicName, Message? message)
    {
        lock (_gate)
        {
            var node = message is null ? _root.Find(topicName) : _root.GetOrAdd(topicName);
            if (node is null) return null;

            var former = node.Message;
            Set(node, message);
            return former;
        }
    }

    /// <summary>Replaces a retained message, or removes it, unless its topic has another one by now.</summary>
    public bool TryReplace(Message expected, Message? message)
    {
        lock (_gate)
        {
            if (_root.Find(expected.TopicName) is not { } node || node.Message != expected) return false;

            Set(node, message);
            return true;
        }
    }

    /// <summary>The retained message of a topic, or null.</summary>
    public Message? Get(ReadOnlySpan<byte> topicName)
    {
        lock (_gate)
        {
            return _root.Find(topicName)?.Message is { } message && message.ExpiresAt > clock.Now ? message : null;
        }
    }

    /// <summary>
    /// The next match of a search, or null when there is none or <paramref name="budget"/>, the steps that may still be made, is used up;
    /// <see cref="RetainedCursor.IsDone"/> tells which.
    /// </summary>
    public Message? Next(RetainedCursor cursor, ref int budget)
    {
        lock (_gate)
        {
            while (cursor.MoveNext(_root, ref budget))
            {
                if (TryGetLive(cursor.Current, out var message)) return message;
            }

            return null;
        }
    }

    /// <summary>Looks at some nodes and removes what has expired; called now and then, it comes round to all of them.</summary>
    public void Sweep(int budget)
    {
        _sweep ??= RetainedCursor.OverAll();
        while (Next(_sweep, ref budget) is not null)
        {
            // Next removes expired messages on its way.
        }

        if (_sweep.IsDone) _sweep = null;
    }

    private bool TryGetLive(RetainedNode node, [NotNullWhen(true)] out Message? message)
    {
        message = node.Message;
        if (message is null) return false;
        if (message.ExpiresAt > clock.Now) return true;

        onExpired?.Invoke(message.TopicName.ToArray());
        Clear(node);
        return false;
    }

    private void Set(RetainedNode node, Message? message)
    {
        if (node.Message is null && message is not null) _count++;
        if (message is null) Clear(node);
        else node.Message = message;
    }

    private void Clear(RetainedNode node)
    {
        if (node.Message is not null) _count--;

        node.Message = null;
        node.Prune();
    }
}
