using System.Text;
using Avocet.Broker.Connections;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Routing;
using Avocet.Broker.Storage;
using Avocet.Broker.Time;
using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.Protocol.Topics;

namespace Avocet.Broker.Publishing;

/// <summary>Publishes what comes from no client: the same limits, and done when it is kept. Access rules are for clients.</summary>
internal static class ServerPublisher
{
    public static async Task<PublishOutcome> PublishAsync(BrokerContext context, BrokerMessage message, CancellationToken cancellationToken)
    {
        if (FindInvalid(context, message) is { } invalid) return PublishOutcome.Invalid(invalid);
        if (FindRefusal(context, message) is { } refusal) return PublishOutcome.Refused(refusal);

        if (context.Commits is { } commits) await commits.WhenRoomAsync().WaitAsync(cancellationToken);
        var (result, batch) = Route(context, message);
        if (batch > 0 && !await IsKeptAsync(context.Commits!, batch, cancellationToken))
        {
            return PublishOutcome.Refused($"the store does not write: {context.Commits!.Failure?.Message ?? "see the log"}");
        }

        return new PublishOutcome(null, false, result.Matched, result.Refused);
    }

    private static string? FindInvalid(BrokerContext context, BrokerMessage message)
    {
        var topicName = Encoding.UTF8.GetBytes(message.Topic);
        if (TopicName.IndexOfWildcard(topicName) is >= 0 and var place) return $"the topic has the wildcard '{(char)topicName[place]}'; wildcards belong in topic filters";
        if (!TopicName.IsValid(topicName)) return $"a topic has 1 to {Limits.StringSizeMax} bytes, none of them NUL";
        if (topicName.StartsWith("$SYS/"u8)) return "topics below $SYS are the broker's own";
        if (TopicName.CountLevels(topicName) > context.Options.TopicLevelsMax) return $"the topic has more than {context.Options.TopicLevelsMax} levels (limits.topic_levels_max)";
        if (topicName.Length > context.Options.TopicBytesMax) return $"the topic has more than {context.Options.TopicBytesMax} bytes (limits.topic_bytes_max)";
        if (message.Qos > context.Options.MaximumQos) return $"the broker supports QoS {(int)context.Options.MaximumQos} at most";
        if (message.Retain && !context.Options.RetainAvailable) return "retained messages are turned off";
        if (message.ResponseTopic is { } response && !TopicName.IsValid(Encoding.UTF8.GetBytes(response))) return "the response topic is no topic name";

        var texts = message.UserProperties.SelectMany(property => new[] { property.Key, property.Value }).Append(message.ContentType ?? "");
        if (texts.Any(text => text.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(text) > Limits.StringSizeMax)) return $"a property has at most {Limits.StringSizeMax} bytes, none of them NUL";

        return topicName.Length + message.Payload.Length > context.Options.PacketSizeMax ? $"the message is larger than {context.Options.PacketSizeMax} bytes (limits.packet_size_max)" : null;
    }

    private static string? FindRefusal(BrokerContext context, BrokerMessage message)
    {
        if (context.Memory is { } memory && memory.MustRefuse(message.Qos, message.Payload.Length)) return "memory is short (limits.memory_bytes_max)";
        if (message.Qos != Qos.AtMostOnce && context.Commits is { Failure: { } failure }) return $"the store does not write: {failure.Message}";

        var isFull = message.Retain && message.Payload.Length > 0 && context.Options.RetainedMessagesMax > 0 && context.Retained.Count >= context.Options.RetainedMessagesMax;
        return isFull && context.Retained.Get(Encoding.UTF8.GetBytes(message.Topic)) is null ? "the limit of retained messages is reached (limits.retained_messages_max)" : null;
    }

    /// <summary>Routes it; the batch to wait for, or 0.</summary>
    private static (RouteResult Result, long Batch) Route(BrokerContext context, BrokerMessage message)
    {
        var topicName = Encoding.UTF8.GetBytes(message.Topic);
        var publication = new Publication(topicName, Encode(message), message.Payload.Span)
        {
            Qos = message.Qos,
            Retain = message.Retain,
            ExpiresAt = message.ExpirySeconds is { } seconds ? context.Clock.Now + (seconds * 1000L) : Clock.Never,
        };
        context.Statistics.Add(Statistics.ReceivedPayloadCounterOf(message.Qos), message.Payload.Length);
        var batch = FlushBatch.Rent(context.Commits);
        var result = context.Router.Route(ref publication, null, context.Clock.Now, batch);
        var after = 0L;
        if (batch.HasChanges)
        {
            var durability = message.Qos == Qos.AtMostOnce ? Durability.None : context.DurabilityOf(topicName);
            var number = context.Commits!.Append(batch.Changes, isAnswered: message.Qos != Qos.AtMostOnce, durability);
            if (durability != Durability.None) after = number;
        }

        batch.Flush();
        batch.Return();
        return (result, after);
    }

    private static ReadOnlySpan<byte> Encode(BrokerMessage message)
    {
        var properties = new PropertyBuilder();
        if (message.ContentType is { } contentType) properties.Add(PropertyId.ContentType, contentType);
        if (message.ResponseTopic is { } responseTopic) properties.Add(PropertyId.ResponseTopic, responseTopic);
        foreach (var (name, value) in message.UserProperties) properties.AddUserProperty(name, value);

        return properties.Encoded;
    }

    private static async Task<bool> IsKeptAsync(CommitBatcher commits, long batch, CancellationToken cancellationToken)
    {
        // A waiter is told once at least; a new one for each turn cannot miss what happens between two.
        for (var waiter = new Waiter(); commits.TryWait(batch, waiter, isStateDurable: false) == CommitState.Pending; waiter = new Waiter())
        {
            commits.Kick();
            await waiter.Told.WaitAsync(cancellationToken);
        }

        return commits.StateOf(batch) == CommitState.Committed;
    }

    private sealed class Waiter : ICommitWaiter
    {
        private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Told => _told.Task;

        public void OnCommit(FlushBatch batch) => _told.TrySetResult();
    }
}
