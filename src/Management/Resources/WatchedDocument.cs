using System.Text;
using Avocet.Broker.Inspection;
using Avocet.Broker.Watching;
using Avocet.Protocol.Properties;

namespace Avocet.Management.Resources;

/// <summary>A message as it was published, or as it is retained.</summary>
public sealed record WatchedDocument
{
    public required string Topic { get; init; }

    /// <summary>At most 64 KiB of the payload.</summary>
    public required byte[] PayloadBase64 { get; init; }

    /// <summary>Bytes of the whole payload.</summary>
    public required int PayloadBytes { get; init; }

    public required int Qos { get; init; }

    public required bool Retain { get; init; }

    /// <summary>The client that published it; missing where that is not known, or it is the broker itself.</summary>
    public string? Publisher { get; init; }

    /// <summary>When it came; missing for what was retained before.</summary>
    public DateTimeOffset? At { get; init; }

    public string? ContentType { get; init; }

    public string? ResponseTopic { get; init; }

    public byte[]? CorrelationDataBase64 { get; init; }

    public bool? PayloadIsText { get; init; }

    public IReadOnlyList<UserPropertyDocument>? UserProperties { get; init; }

    internal static WatchedDocument Of(WatchedMessage message) => Read(message.Properties.Span, new WatchedDocument
    {
        Topic = message.TopicName,
        PayloadBase64 = message.Payload.ToArray(),
        PayloadBytes = message.PayloadSize,
        Qos = (int)message.Qos,
        Retain = message.Retain,
        Publisher = message.PublisherId,
        At = message.At,
    });

    internal static WatchedDocument OfRetained(MessageInfo message) => Read(message.Properties.Span, new WatchedDocument
    {
        Topic = message.TopicName,
        PayloadBase64 = message.Payload.ToArray(),
        PayloadBytes = message.PayloadSize,
        Qos = (int)message.Qos,
        Retain = true,
        Publisher = message.PublisherId,
    });

    private static WatchedDocument Read(ReadOnlySpan<byte> encoded, WatchedDocument message)
    {
        List<UserPropertyDocument>? users = null;
        foreach (var property in new PropertyBlock(encoded))
        {
            switch (property.Id)
            {
                case PropertyId.ContentType:
                    message = message with { ContentType = Encoding.UTF8.GetString(property.Bytes) };
                    break;
                case PropertyId.ResponseTopic:
                    message = message with { ResponseTopic = Encoding.UTF8.GetString(property.Bytes) };
                    break;
                case PropertyId.CorrelationData:
                    message = message with { CorrelationDataBase64 = property.Bytes.ToArray() };
                    break;
                case PropertyId.PayloadFormatIndicator:
                    message = message with { PayloadIsText = property.Integer == 1 };
                    break;
                case PropertyId.UserProperty:
                    (users ??= []).Add(new UserPropertyDocument(Encoding.UTF8.GetString(property.Bytes), Encoding.UTF8.GetString(property.PairValue)));
                    break;
            }
        }

        return users is null ? message : message with { UserProperties = users };
    }
}

/// <param name="Count">Messages that were left out, for newer ones of their topics or for want of room.</param>
public sealed record SkippedDocument(long Count);
