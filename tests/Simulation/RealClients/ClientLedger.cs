using System.Globalization;
using Avocet.Client;
using Avocet.Protocol;
using Avocet.Simulation.Model;

namespace Avocet.Simulation.RealClients;

/// <summary>A message that a client was told to publish.</summary>
internal sealed class SentMessage(int number, int publisher, string topic, Qos qos)
{
    public int Number => number;

    public int Publisher => publisher;

    public string Topic => topic;

    public Qos Qos => qos;

    /// <summary>What its publisher got for it.</summary>
    public Task? Publishing { get; set; }

    public override string ToString() => $"m{number} of c{publisher} to {topic} QoS {(int)qos}";
}

/// <summary>What was published and what has come: QoS 1 at least once, QoS 2 exactly once, QoS 0 at most once, in order by publisher, topic and QoS.</summary>
internal sealed class ClientLedger
{
    private readonly List<SentMessage> _messages = [];
    private readonly Dictionary<(int Receiver, int Message), int> _received = [];
    private readonly Dictionary<(int Receiver, int Publisher, string Topic, Qos Qos), int> _latest = [];

    public IReadOnlyList<SentMessage> Messages => _messages;

    public long Deliveries { get; private set; }

    public SentMessage Publish(int publisher, string topic, Qos qos)
    {
        var message = new SentMessage(_messages.Count, publisher, topic, qos);
        _messages.Add(message);
        return message;
    }

    public static string PayloadOf(SentMessage message) => message.Number % 13 == 0 ? $"{message.Number} {new string('.', message.Number * 7 % 900)}" : $"{message.Number}";

    public SentMessage Receive(RealClient receiver, MqttMessage received)
    {
        Deliveries++;
        if (!int.TryParse(received.Text.Split(' ')[0], CultureInfo.InvariantCulture, out var number) || number >= _messages.Count) throw Violation("content", receiver, $"got '{received.Text}', which nobody published");

        var message = _messages[number];
        if (received.Topic != message.Topic || received.Qos != message.Qos || received.Text != PayloadOf(message)) throw Violation("content", receiver, $"got {received} for {message}");
        if (!TopicMatch.IsMatch(receiver.Filter, message.Topic)) throw Violation("right", receiver, $"got {message}, and asked for {receiver.Filter}");

        var times = _received[(receiver.Number, number)] = _received.GetValueOrDefault((receiver.Number, number)) + 1;
        if (times > 1)
        {
            if (message.Qos != Qos.AtLeastOnce) throw Violation("once", receiver, $"got {message} {times} times");
            return message;
        }

        var way = (receiver.Number, message.Publisher, message.Topic, message.Qos);
        if (_latest.TryGetValue(way, out var latest) && latest > number) throw Violation("order", receiver, $"got {message} for the first time after m{latest}");

        _latest[way] = number;
        return message;
    }

    /// <summary>What has to come and has not; null when all is there.</summary>
    public string? FindMissing(IReadOnlyList<RealClient> clients)
    {
        foreach (var message in _messages.Where(message => message.Qos != Qos.AtMostOnce))
        {
            if (message.Publishing is { IsCompletedSuccessfully: false } publishing) return $"{message} is not acknowledged ({publishing.Status})";

            var receiver = clients.FirstOrDefault(client => TopicMatch.IsMatch(client.Filter, message.Topic) && !_received.ContainsKey((client.Number, message.Number)));
            if (receiver is not null) return $"{message} has not come to c{receiver.Number}, which asked for {receiver.Filter}";
        }

        return null;
    }

    private static ViolationException Violation(string rule, RealClient receiver, string problem) => new(rule, $"c{receiver.Number} {problem}.", [receiver.Number]);
}
