namespace Avocet.Broker.Topics;

/// <summary>The members of a shared subscription: one share name and one filter. Read without locks, changed by one writer at a time.</summary>
internal sealed class SharedGroup(byte[] shareName, byte[] filter)
{
    private volatile Subscription[] _members = [];
    private int _turn = -1;

    public byte[] ShareName { get; } = shareName;

    /// <summary>The whole filter of its members, <c>$share/{ShareName}/</c> included.</summary>
    public byte[] Filter { get; } = filter;

    public Subscription[] Members => _members;

    /// <summary>Where the next message's search for a member begins: round robin.</summary>
    public uint NextTurn() => (uint)Interlocked.Increment(ref _turn);

    public void Add(Subscription subscription) => _members = [.. _members, subscription];

    public void Replace(Subscription old, Subscription with) => _members = Array.ConvertAll(_members, member => member == old ? with : member);

    public void Remove(Subscription subscription) => _members = Array.FindAll(_members, member => member != subscription);
}
