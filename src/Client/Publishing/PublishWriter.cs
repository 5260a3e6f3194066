using System.Buffers;
using System.Text;
using Avocet.Client.Connections;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;
using Avocet.Protocol.Wire;

namespace Avocet.Client.Publishing;

/// <summary>Writes PUBLISH straight into the buffer of a connection: the texts are not made into bytes first. Used under the client's gate.</summary>
internal sealed class PublishWriter(Counters counters)
{
    // Throws on a surrogate without its other half, instead of sending something else. [MQTT-1.5.4-1]
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly SearchValues<char> ForbiddenInTopic = SearchValues.Create("+#\0");

    private readonly PropertyBuilder _properties = new();

    /// <summary>Checks a Topic Name and returns its bytes. [MQTT-3.3.2-2] [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.7.3-3]</summary>
    /// <exception cref="ArgumentException">It cannot be published to.</exception>
    public static int CheckTopic(string topic)
    {
        ArgumentException.ThrowIfNullOrEmpty(topic);
        var forbidden = topic.AsSpan().IndexOfAny(ForbiddenInTopic);
        if (forbidden >= 0)
        {
            var what = topic[forbidden] == '\0' ? "U+0000" : $"the wildcard '{topic[forbidden]}', which belongs in topic filters";
            throw new ArgumentException($"Topic Name '{topic}' has {what}, at position {forbidden}.", nameof(topic));
        }

        var size = SizeOf(topic, nameof(topic));
        if (size > Limits.StringSizeMax) throw new ArgumentException($"Topic Name of {size} bytes; at most {Limits.StringSizeMax} fit.", nameof(topic));

        return size;
    }

    public static int SizeOfPayload(in PublishRequest request) => request.Text is { } text ? SizeOf(text, "text") : request.Payload.Length;

    /// <summary>The largest size that the packet can have, with an alias too.</summary>
    public static int GetSizeMax(Link link, in PublishRequest request, int topicSize, int payloadSize)
    {
        var properties = 0;
        if (link.IsV5)
        {
            var block = new PropertyBuilder();
            request.Properties?.Write(block, 0);
            properties = block.Encoded.Length + OutboundAliases.EncodedSize;
        }

        return PacketSize.Of(RemainingLength(link, request, topicSize, properties, payloadSize));
    }

    /// <param name="link">Where to write.</param>
    /// <param name="request">The message.</param>
    /// <param name="packetId">Its identifier; 0 at QoS 0.</param>
    /// <param name="isDuplicate">Whether it was sent before. [MQTT-3.3.1-1]</param>
    /// <param name="expirySeconds">What is left of its expiry; null for none.</param>
    public void Write(Link link, in PublishRequest request, ushort packetId, bool isDuplicate, uint? expirySeconds)
    {
        var topicSize = SizeOf(request.Topic, "topic");
        var payloadSize = SizeOfPayload(request);
        var alias = link.OutboundAliases.Use(request.Topic);
        var properties = PrepareProperties(link, request, expirySeconds, alias.Alias);
        if (alias.Alias != 0) CountAlias(alias, ref topicSize);

        var remaining = RemainingLength(link, request, topicSize, properties.Length, payloadSize);
        var writer = new WireWriter(link.Reserve(PacketSize.Of(remaining)));
        writer.WriteFixedHeader(PacketType.Publish, PublishPacket.FlagsOf(isDuplicate, request.Qos, request.Retain), remaining);
        writer.WriteUInt16((ushort)topicSize);
        if (topicSize > 0) writer.WriteText(request.Topic, topicSize);
        if (request.Qos != Qos.AtMostOnce) writer.WriteUInt16(packetId);
        writer.WriteProperties(properties, link.Version);
        if (request.Text is { } text) writer.WriteText(text, payloadSize);
        else writer.WriteBytes(request.Payload.Span);
        counters.MessagesSent++;
    }

    private void CountAlias(AliasUse alias, ref int topicSize)
    {
        counters.AliasBytesSaved += alias.IsNew ? -OutboundAliases.EncodedSize : topicSize - OutboundAliases.EncodedSize;
        if (!alias.IsNew) topicSize = 0;
    }

    private ReadOnlySpan<byte> PrepareProperties(Link link, in PublishRequest request, uint? expirySeconds, ushort alias = 0)
    {
        if (!link.IsV5 || (alias == 0 && request.Properties is null)) return default;

        _properties.Clear();
        if (alias != 0) _properties.Add(PropertyId.TopicAlias, alias);
        request.Properties?.Write(_properties, expirySeconds);
        return _properties.Encoded;
    }

    private static int RemainingLength(Link link, in PublishRequest request, int topicSize, int propertiesSize, int payloadSize)
    {
        var properties = link.IsV5 ? VarInt.SizeOf((uint)propertiesSize) + propertiesSize : 0;
        return 2 + topicSize + (request.Qos == Qos.AtMostOnce ? 0 : 2) + properties + payloadSize;
    }

    private static int SizeOf(string text, string name)
    {
        try
        {
            return Utf8.GetByteCount(text);
        }
        catch (EncoderFallbackException exception)
        {
            throw new ArgumentException($"The {name} is no valid Unicode: a surrogate stands alone at position {exception.Index}.", name, exception);
        }
    }
}
