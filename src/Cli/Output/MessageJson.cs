using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Avocet.Client;

namespace Avocet.Cli.Output;

/// <summary>A message as <c>mosquitto_sub -F %j</c> and <c>%J</c> write it.</summary>
internal static class MessageJson
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions Indented = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true };

    /// <param name="message">The message.</param>
    /// <param name="time">When it came.</param>
    /// <param name="isEmbedded">The payload is JSON itself, and no string.</param>
    /// <param name="isPretty">Over several lines.</param>
    /// <exception cref="JsonException">The payload is no JSON.</exception>
    public static byte[] Write(MqttMessage message, DateTimeOffset time, bool isEmbedded, bool isPretty)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, isPretty ? Indented : Compact))
        {
            json.WriteStartObject();
            json.WriteString("tst", time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("topic", message.Topic);
            json.WriteNumber("qos", (int)message.Qos);
            json.WriteNumber("retain", message.Retain ? 1 : 0);
            json.WriteNumber("payloadlen", message.Payload.Length);
            WriteProperties(json, message);
            if (message.Payload.IsEmpty) json.WriteNull("payload");
            else if (isEmbedded) WriteEmbedded(json, message);
            else json.WriteString("payload", Encoding.UTF8.GetString(message.Payload.Span));

            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>Indented, when it is an object or an array; null for anything else.</summary>
    public static string? Prettify(ReadOnlyMemory<byte> payload)
    {
        if (payload.IsEmpty || payload.Span[0] is not ((byte)'{' or (byte)'[')) return null;

        try
        {
            using var document = JsonDocument.Parse(payload);
            using var buffer = new MemoryStream();
            using (var json = new Utf8JsonWriter(buffer, Indented)) document.RootElement.WriteTo(json);
            return Encoding.UTF8.GetString(buffer.ToArray());
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void WriteEmbedded(Utf8JsonWriter json, MqttMessage message)
    {
        json.WritePropertyName("payload");
        using var document = JsonDocument.Parse(message.Payload);
        document.RootElement.WriteTo(json);
    }

    private static void WriteProperties(Utf8JsonWriter json, MqttMessage message)
    {
        var hasAny = message.ContentType is not null || message.ResponseTopic is not null || message.CorrelationData is not null || message.UserProperties.Count > 0
            || message.IsUtf8 || message.MessageExpiry is not null;
        if (!hasAny) return;

        json.WriteStartObject("properties");
        if (message.ContentType is { } contentType) json.WriteString("content-type", contentType);
        if (message.ResponseTopic is { } responseTopic) json.WriteString("response-topic", responseTopic);
        if (message.CorrelationData is { } correlation) json.WriteString("correlation-data", Encoding.UTF8.GetString(correlation.Span));
        if (message.UserProperties.Count > 0)
        {
            json.WriteStartObject("user-properties");
            foreach (var pair in message.UserProperties) json.WriteString(pair.Name, pair.Value);
            json.WriteEndObject();
        }

        if (message.IsUtf8) json.WriteNumber("payload-format-indicator", 1);
        if (message.MessageExpiry is { } expiry) json.WriteNumber("message-expiry-interval", (long)expiry.TotalSeconds);
        json.WriteEndObject();
    }
}
