using System.Runtime.CompilerServices;
using Avocet.Broker.Routing;

namespace Avocet.Broker.Watching;

/// <summary>Those who look at messages as they are routed. While nobody does, a message costs one look at a field.</summary>
internal sealed class MessageTaps
{
    private readonly Lock _gate = new();
    private volatile MessageWatch[]? _watches;

    /// <summary>Shows a message to those that it concerns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Offer(in Publication publication)
    {
        if (_watches is { } watches) Offer(watches, publication);
    }

    public void Add(MessageWatch watch)
    {
        lock (_gate) _watches = [.. _watches ?? [], watch];
    }

    public void Remove(MessageWatch watch)
    {
        lock (_gate)
        {
            var left = (_watches ?? []).Where(other => other != watch).ToArray();
            _watches = left.Length == 0 ? null : left;
        }
    }

    private static void Offer(MessageWatch[] watches, in Publication publication)
    {
        foreach (var watch in watches) watch.Offer(publication);
    }
}
