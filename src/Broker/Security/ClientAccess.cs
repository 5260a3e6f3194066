using System.IO.Hashing;
using Avocet.Protocol;

namespace Avocet.Broker.Security;

/// <summary>
/// What one client may do, with the answers about its latest topics. Any thread may ask: an answer is an immutable object in a slot of its hash, so that
/// readers and writers need no lock, and the worst that a race does is to ask twice.
/// </summary>
internal sealed class ClientAccess
{
    /// <summary>Answers kept; a power of two.</summary>
    private const int SlotCount = 64;

    /// <summary>Longer topics are rare, and not worth the memory.</summary>
    private const int TopicSizeMax = 512;

    private const byte ReceiveKind = 0xFF;

    private readonly ClientIdentity _client;
    private readonly IReadOnlyList<IAuthorizer> _authorizers;
    private readonly bool _checksDelivery;
    private Answer?[]? _answers;

    public ClientAccess(ClientIdentity client, IReadOnlyList<IAuthorizer> authorizers)
    {
        _client = client;
        _authorizers = authorizers;
        _checksDelivery = authorizers.Any(authorizer => authorizer.ChecksDelivery);
    }

    /// <summary>What somebody elsewhere says besides; null where nobody is asked.</summary>
    public RemoteAccess? Remote { get; init; }

    /// <summary>The user name of the client; null for none.</summary>
    public string? UserName => _client.UserName;

    public bool MayPublish(ReadOnlySpan<byte> topicName, Qos qos, bool retain) => Ask(topicName, (byte)((int)qos | (retain ? 4 : 0)));

    public bool MayReceive(ReadOnlySpan<byte> topicName) => !_checksDelivery || Ask(topicName, ReceiveKind);

    public bool MaySubscribe(ReadOnlySpan<byte> topicFilter, Qos qos)
    {
        foreach (var authorizer in _authorizers)
        {
            if (!authorizer.MaySubscribe(_client, topicFilter, qos)) return false;
        }

        return true;
    }

    public bool MayUnsubscribe(ReadOnlySpan<byte> topicFilter)
    {
        foreach (var authorizer in _authorizers)
        {
            if (!authorizer.MayUnsubscribe(_client, topicFilter)) return false;
        }

        return true;
    }

    /// <summary>Whether a wish is granted, and the rule that decides, where it is known.</summary>
    public (bool IsAllowed, string? Rule) Explain(ReadOnlySpan<byte> topic, AccessWish wish)
    {
        string? rule = null;
        foreach (var authorizer in _authorizers)
        {
            rule = authorizer.Explain(_client, topic, wish) ?? rule;
            var isAllowed = wish.Kind switch
            {
                AccessKind.Publish => authorizer.MayPublish(_client, topic, wish.Qos, wish.Retain),
                AccessKind.Subscribe => authorizer.MaySubscribe(_client, topic, wish.Qos),
                _ => authorizer.MayReceive(_client, topic),
            };
            if (!isAllowed) return (false, authorizer.Explain(_client, topic, wish));
        }

        return (true, rule);
    }

    private bool Ask(ReadOnlySpan<byte> topicName, byte kind)
    {
        // Taken before the rules are looked at, so that an answer of old rules never counts for new ones.
        if (!TryGetVersion(out var version) || topicName.Length > TopicSizeMax) return Evaluate(topicName, kind);

        var answers = _answers ??= new Answer?[SlotCount];
        var hash = (uint)XxHash3.HashToUInt64(topicName, kind);
        ref var slot = ref answers[hash & (SlotCount - 1)];
        if (Volatile.Read(ref slot) is { } known && known.Hash == hash && known.Version == version && known.Kind == kind && topicName.SequenceEqual(known.TopicName)) return known.IsYes;

        var isYes = Evaluate(topicName, kind);
        Volatile.Write(ref slot, new Answer(hash, version, kind, topicName.ToArray(), isYes));
        return isYes;
    }

    private bool Evaluate(ReadOnlySpan<byte> topicName, byte kind)
    {
        foreach (var authorizer in _authorizers)
        {
            var isYes = kind == ReceiveKind ? authorizer.MayReceive(_client, topicName) : authorizer.MayPublish(_client, topicName, (Qos)(kind & 3), (kind & 4) != 0);
            if (!isYes) return false;
        }

        return true;
    }

    private bool TryGetVersion(out int version)
    {
        version = 0;
        foreach (var authorizer in _authorizers)
        {
            if (authorizer.Version is not { } one) return false;

            version += one;
        }

        return true;
    }

    private sealed record Answer(uint Hash, int Version, byte Kind, byte[] TopicName, bool IsYes);
}
