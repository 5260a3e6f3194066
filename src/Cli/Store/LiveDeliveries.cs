using Avocet.Broker.Storage.Records;

namespace Avocet.Cli.Store;

/// <summary>
/// Tells which entries of a session's queue are still before it. Those that are done are removed a while later, by range, and may name messages that are gone.
/// Asked in the order of the queue.
/// </summary>
internal struct LiveDeliveries(ProgressRecord progress)
{
    private int _next;

    /// <summary>Behind the last delivery of which the progress says something. Counts of bytes grow from here on; they may begin anew at a start of the broker.</summary>
    public readonly long WindowEnd => progress.Exceptions is [.., var last] ? last.Sequence + last.Length : progress.Head;

    /// <summary>Whether the message itself is still needed: not when it is done, nor when only its PUBREL is owed.</summary>
    public bool Contains(long sequence)
    {
        if (sequence < progress.Head) return false;

        var runs = progress.Exceptions;
        while (_next < runs.Count && runs[_next].Sequence + runs[_next].Length <= sequence) _next++;
        return _next == runs.Count || sequence < runs[_next].Sequence;
    }
}
