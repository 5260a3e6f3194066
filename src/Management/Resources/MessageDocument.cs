using System.Text;
using System.Text.Unicode;
using Avocet.Broker.Inspection;

namespace Avocet.Management.Resources;

/// <summary>A message that the broker holds.</summary>
public sealed record MessageDocument
{
    /// <summary>Bytes of a payload that are shown at most.</summary>
    internal const int PayloadBytesMax = 4096;

    public required string Topic { get; init; }

    /// <summary>The payload where it is text, cut where it is long.</summary>
    public string? Payload { get; init; }

    /// <summary>The payload where it is not text, cut where it is long.</summary>
    public byte[]? PayloadBase64 { get; init; }

    /// <summary>Bytes of the whole payload.</summary>
    public required int PayloadSize { get; init; }

    public required int Qos { get; init; }

    public required bool Retain { get; init; }

    public string? PublisherId { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    internal static MessageDocument Of(MessageInfo message)
    {
        var isText = Utf8.IsValid(message.Payload.Span);
        return new MessageDocument
        {
            Topic = message.TopicName,
            Payload = isText ? Encoding.UTF8.GetString(message.Payload.Span) : null,
            PayloadBase64 = isText ? null : message.Payload.ToArray(),
            PayloadSize = message.PayloadSize,
            Qos = (int)message.Qos,
            Retain = message.Retain,
            PublisherId = message.PublisherId,
            ExpiresAt = message.ExpiresAt,
        };
    }
}
