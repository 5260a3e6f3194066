namespace Avocet.Cli.Bench;

/// <summary>
/// Follows the numbers of one publisher's messages at one receiver. A number that is skipped is lost until it comes after all; then it was reordered.
/// One that came before is a duplicate.
/// </summary>
internal struct SequenceTracker
{
    /// <summary>Gaps that are remembered; what is in older ones stays lost, and counts as a duplicate if it comes.</summary>
    private const int GapsMax = 1024;

    private List<(long First, long End)>? _gaps;

    /// <summary>The number after the highest that came.</summary>
    public long Next { get; private set; }

    public long Received { get; private set; }

    public long Lost { get; private set; }

    public long Duplicated { get; private set; }

    public long Reordered { get; private set; }

    /// <summary>Begins with a number other than 0, for a receiver that comes in the middle.</summary>
    public void BeginAt(long sequence) => Next = sequence;

    public void Observe(long sequence)
    {
        Received++;
        if (sequence == Next)
        {
            Next++;
            return;
        }

        ObserveUnexpected(sequence);
    }

    private void ObserveUnexpected(long sequence)
    {
        if (sequence > Next)
        {
            Lost += sequence - Next;
            _gaps ??= [];
            if (_gaps.Count == GapsMax) _gaps.RemoveAt(0);

            _gaps.Add((Next, sequence));
            Next = sequence + 1;
            return;
        }

        var index = _gaps?.FindIndex(gap => gap.First <= sequence && sequence < gap.End) ?? -1;
        if (index < 0)
        {
            Duplicated++;
            return;
        }

        Reordered++;
        Lost--;
        var (first, end) = _gaps![index];
        _gaps.RemoveAt(index);
        if (sequence + 1 < end) _gaps.Insert(index, (sequence + 1, end));
        if (first < sequence) _gaps.Insert(index, (first, sequence));
    }
}
