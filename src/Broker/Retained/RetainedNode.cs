using Avocet.Broker.Routing;
using Avocet.Broker.Topics;

namespace Avocet.Broker.Retained;

/// <summary>
/// A level of the tree of retained messages. A child keeps its number as long as it lives, so that a cursor can go on from a number after the
/// tree changed. The store's lock guards it.
/// </summary>
internal sealed class RetainedNode(byte[] level, RetainedNode? parent)
{
    /// <summary>Up to here a search over the children is as quick as a dictionary, and takes no memory.</summary>
    private const int ScanMax = 8;

    private List<RetainedNode?>? _children;
    private Dictionary<byte[], RetainedNode>? _byLevel;
    private Stack<int>? _freeNumbers;
    private int _childCount;
    private int _number;

    public byte[] Level { get; } = level;

    public Message? Message { get; set; }

    /// <summary>The numbers that children have or had: 0 to this, exclusively.</summary>
    public int ChildNumbers => _children?.Count ?? 0;

    /// <summary>The child with a number, or null where there is none any more.</summary>
    public RetainedNode? ChildAt(int number) => _children![number];

    /// <summary>The node of a topic below this one, or null.</summary>
    public RetainedNode? Find(ReadOnlySpan<byte> topicName)
    {
        var node = this;
        foreach (var range in topicName.Split((byte)'/'))
        {
            node = node.FindChild(topicName[range]);
            if (node is null) return null;
        }

        return node;
    }

    public RetainedNode GetOrAdd(ReadOnlySpan<byte> topicName)
    {
        var node = this;
        foreach (var range in topicName.Split((byte)'/')) node = node.FindChild(topicName[range]) ?? node.AddChild(topicName[range]);

        return node;
    }

    public RetainedNode? FindChild(ReadOnlySpan<byte> level)
    {
        if (_byLevel is not null)
        {
            return _byLevel.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(level, out var found) ? found : null;
        }

        if (_children is null) return null;

        foreach (var child in _children)
        {
            if (child is not null && level.SequenceEqual(child.Level)) return child;
        }

        return null;
    }

    /// <summary>Removes this node and those above it which hold nothing any more.</summary>
    public void Prune()
    {
        var node = this;
        while (node is { Message: null, _childCount: 0, Parent: { } above })
        {
            above.RemoveChild(node);
            node = above;
        }
    }

    private RetainedNode? Parent => parent;

    private RetainedNode AddChild(ReadOnlySpan<byte> level)
    {
        var child = new RetainedNode(level.ToArray(), this);
        _children ??= [];
        if (_freeNumbers is { Count: > 0 })
        {
            child._number = _freeNumbers.Pop();
            _children[child._number] = child;
        }
        else
        {
            child._number = _children.Count;
            _children.Add(child);
        }

        _childCount++;
        if (_byLevel is not null) _byLevel.Add(child.Level, child);
        else if (_childCount > ScanMax) IndexChildren();

        return child;
    }

    private void RemoveChild(RetainedNode child)
    {
        _children![child._number] = null;
        _byLevel?.Remove(child.Level);
        (_freeNumbers ??= new Stack<int>()).Push(child._number);
        _childCount--;
        if (_childCount > 0) return;

        _children = null;
        _byLevel = null;
        _freeNumbers = null;
    }

    private void IndexChildren()
    {
        _byLevel = new Dictionary<byte[], RetainedNode>(Utf8Comparer.Instance);
        foreach (var child in _children!)
        {
            if (child is not null) _byLevel.Add(child.Level, child);
        }
    }
}
