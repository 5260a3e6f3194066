using System.IO.Hashing;
using System.Text;
using Avocet.Broker.Time;
using Avocet.Protocol;

namespace Avocet.Broker.Security;

/// <summary>
/// What one client may do as an <see cref="IRemoteAuthorizer"/> says, with its answers about the latest topics. It belongs to the read loop and the steps that
/// this takes.
/// </summary>
internal sealed class RemoteAccess(ClientIdentity client, IRemoteAuthorizer authorizer, Clock clock)
{
    /// <summary>Questions for one packet; what there are more of get no answer.</summary>
    public const int QuestionsMax = 100;

    /// <summary>Why something is refused that nobody answered.</summary>
    public const string UnavailableText = "whether the client may do this could not be found out; it may try again";

    /// <summary>Answers kept; a power of two.</summary>
    private const int SlotCount = 64;

    /// <summary>Longer topics are rare, and not worth the memory.</summary>
    private const int TopicSizeMax = 512;

    private const byte SubscribeKind = 8;

    // Of the packet that waits: they count for it even where no answer is kept. Until it is handled nothing is forgotten.
    private readonly List<Answer> _given = [];
    private Answer?[]? _kept;
    private long _askedAt;

    /// <summary>Whether the packet at hand has waited for its answers; those that it has not got will not come.</summary>
    public bool HasAsked => _given.Count > 0;

    /// <summary>The answer where it is known; null where it has to be asked for.</summary>
    public RemoteAnswer? FindPublish(ReadOnlySpan<byte> topicName, Qos qos, bool retain) => Find(topicName, KindOf(isPublish: true, qos, retain));

    /// <inheritdoc cref="FindPublish"/>
    public RemoteAnswer? FindSubscribe(ReadOnlySpan<byte> topicFilter, Qos qos) => Find(topicFilter, KindOf(isPublish: false, qos, retain: false));

    public RemoteQuestion Publish(ReadOnlySpan<byte> topicName, Qos qos, bool retain) => new(client, true, Encoding.UTF8.GetString(topicName), qos, retain);

    public RemoteQuestion Subscribe(ReadOnlySpan<byte> topicFilter, Qos qos) => new(client, false, Encoding.UTF8.GetString(topicFilter), qos, false);

    /// <summary>Asks, one after the other, so that a client has one question under way at a time.</summary>
    public async Task AskAsync(IReadOnlyList<RemoteQuestion> questions, CancellationToken cancellationToken)
    {
        _askedAt = clock.Now;
        try
        {
            var isReachable = true;
            foreach (var question in questions)
            {
                var answer = isReachable ? await authorizer.AskAsync(question, cancellationToken) : RemoteAnswer.Unavailable;
                // Who could not be asked just now would only be waited for again.
                isReachable = answer != RemoteAnswer.Unavailable;
                Take(question, answer);
            }
        }
        catch (OperationCanceledException)
        {
            // The connection is to end.
        }
    }

    /// <summary>The packet that waited was handled.</summary>
    public void Done()
    {
        if (authorizer.AnswerTime > TimeSpan.Zero)
        {
            foreach (var answer in _given)
            {
                if (answer.Value != RemoteAnswer.Unavailable && answer.Topic.Length <= TopicSizeMax) (_kept ??= new Answer?[SlotCount])[answer.Hash & (SlotCount - 1)] = answer;
            }
        }

        _given.Clear();
    }

    private void Take(RemoteQuestion question, RemoteAnswer answer)
    {
        var topic = Encoding.UTF8.GetBytes(question.Topic);
        var kind = KindOf(question.IsPublish, question.Qos, question.Retain);
        _given.Add(new Answer(HashOf(topic, kind), kind, topic, answer, clock.Now + (long)authorizer.AnswerTime.TotalMilliseconds));
    }

    private RemoteAnswer? Find(ReadOnlySpan<byte> topic, byte kind)
    {
        foreach (var given in _given)
        {
            if (given.Kind == kind && topic.SequenceEqual(given.Topic)) return given.Value;
        }

        if (_kept is null) return null;

        var hash = HashOf(topic, kind);
        var now = HasAsked ? _askedAt : clock.Now;
        return _kept[hash & (SlotCount - 1)] is { } known && known.Hash == hash && known.Kind == kind && known.HoldsUntil > now && topic.SequenceEqual(known.Topic) ? known.Value : null;
    }

    private static byte KindOf(bool isPublish, Qos qos, bool retain) => (byte)((int)qos | (retain ? 4 : 0) | (isPublish ? 0 : SubscribeKind));

    private static uint HashOf(ReadOnlySpan<byte> topic, byte kind) => (uint)XxHash3.HashToUInt64(topic, kind);

    private sealed record Answer(uint Hash, byte Kind, byte[] Topic, RemoteAnswer Value, long HoldsUntil);
}
