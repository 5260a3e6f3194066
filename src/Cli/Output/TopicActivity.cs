using System.Text;
using Avocet.Client;

namespace Avocet.Cli.Output;

/// <summary>What is known of one topic.</summary>
internal sealed class TopicActivity(string topic)
{
    private long _countBefore;
    private long _bytesBefore;

    public string Topic { get; } = topic;

    public long Count { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Messages a second, of the latest interval.</summary>
    public double Rate { get; private set; }

    /// <summary>Bytes a second, of the latest interval.</summary>
    public double ByteRate { get; private set; }

    public ReadOnlyMemory<byte> Last { get; private set; }

    public string LastText => Encoding.UTF8.GetString(Last.Span[..Math.Min(Last.Length, 500)]);

    public void Add(MqttMessage message)
    {
        Count++;
        Bytes += message.Payload.Length;
        Last = message.Payload;
    }

    public void EndInterval(TimeSpan time)
    {
        Rate = (Count - _countBefore) / time.TotalSeconds;
        ByteRate = (Bytes - _bytesBefore) / time.TotalSeconds;
        (_countBefore, _bytesBefore) = (Count, Bytes);
    }
}
