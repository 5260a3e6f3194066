namespace Avocet.Broker.Retained;

/// <summary>
/// A search for the retained messages that match a filter, which can pause anywhere. What is retained while it runs is found or not; the
/// subscription gets it live in either case.
/// </summary>
internal sealed class RetainedCursor
{
    private readonly byte[] _filter;
    private readonly bool _overAll;
    private readonly Stack<Frame> _path = new();
    private bool _hasBegun;

    /// <param name="filter">A valid Topic Filter, without <c>$share/{ShareName}/</c>.</param>
    public RetainedCursor(byte[] filter)
        : this(filter, false)
    {
    }

    private RetainedCursor(byte[] filter, bool overAll)
    {
        _filter = filter;
        _overAll = overAll;
    }

    /// <summary>Whether everything was visited.</summary>
    public bool IsDone => _hasBegun && _path.Count == 0;

    /// <summary>The node that <see cref="MoveNext"/> came to; it need not hold a message.</summary>
    public RetainedNode Current { get; private set; } = null!;

    /// <summary>A cursor that also visits what begins with <c>$</c>.</summary>
    public static RetainedCursor OverAll() => new("#"u8.ToArray(), true);

    /// <summary>
    /// Goes on to the next node whose name matches. Under the store's lock. False at the end, or when <paramref name="budget"/>, the steps that may
    /// still be made, is used up.
    /// </summary>
    public bool MoveNext(RetainedNode root, ref int budget)
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            _path.Push(new Frame(root, 0));
        }

        while (budget > 0 && _path.TryPop(out var frame))
        {
            budget--;
            if (frame.Start > _filter.Length)
            {
                // All levels of the filter are matched.
                Current = frame.Node;
                return true;
            }

            var rest = _filter.AsSpan(frame.Start);
            var slash = rest.IndexOf((byte)'/');
            var level = slash < 0 ? rest : rest[..slash];
            if (level is not [(byte)'#'] and not [(byte)'+'])
            {
                if (frame.Node.FindChild(level) is { } child) _path.Push(new Frame(child, frame.Start + level.Length + 1));
                continue;
            }

            if (TryVisitChildren(frame, level[0] == '#')) return true;
        }

        return false;
    }

    private bool TryVisitChildren(Frame frame, bool isMultiLevel)
    {
        var number = frame.NextChild;
        if (number < frame.Node.ChildNumbers)
        {
            _path.Push(frame with { NextChild = number + 1 });
            // Wildcards at the root do not match names that begin with "$". [MQTT-4.7.2-1]
            var isHidden = frame.Start == 0 && !_overAll && frame.IsRoot;
            if (frame.Node.ChildAt(number) is { } child && !(isHidden && child.Level is [(byte)'$', ..]))
            {
                _path.Push(new Frame(child, isMultiLevel ? frame.Start : frame.Start + 2) { IsRoot = false });
            }
        }

        // "a/#" matches "a" itself too: a node is visited when its frame is first met.
        if (number > 0 || !isMultiLevel) return false;

        Current = frame.Node;
        return true;
    }

    /// <param name="Node">The node reached.</param>
    /// <param name="Start">Where in the filter the level after the node's begins; behind the end when none is left.</param>
    private readonly record struct Frame(RetainedNode Node, int Start)
    {
        public int NextChild { get; init; }

        public bool IsRoot { get; init; } = Start == 0;
    }
}
