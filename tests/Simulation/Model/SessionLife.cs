using Avocet.Protocol;

namespace Avocet.Simulation.Model;

/// <summary>What one session got of one message.</summary>
internal sealed class Receipt
{
    /// <summary>Deliveries that were not repetitions, by QoS.</summary>
    public int[] First { get; } = new int[3];

    /// <summary>Whether it has come at all.</summary>
    public bool HasCome { get; set; }
}

/// <summary>One session from the CONNECT that made it to its end: what it subscribed to, and what it got.</summary>
internal sealed class SessionLife(int client, long beganStep)
{
    private readonly Dictionary<int, Receipt> _receipts = [];

    public int Client { get; } = client;

    public long BeganStep { get; } = beganStep;

    public List<SubscriptionSpan> Subscriptions { get; } = [];

    /// <summary>Whether it is not certain that this is all one session; then nothing is insisted on.</summary>
    public bool IsDoubtful { get; set; }

    public bool HasEnded { get; set; }

    /// <summary>Whether a commit has certainly kept it.</summary>
    public bool IsKept { get; set; }

    /// <summary>The shortest and the longest expiry it ever had: after a crash an earlier one may count again.</summary>
    public (long Least, long Most) Expiry { get; set; } = (Message.Never, 0);

    public int Crashes { get; set; }

    /// <summary>Starts of the broker, after crashes and others.</summary>
    public int Restarts { get; set; }

    /// <summary>Those of them that may have forgotten a connection.</summary>
    public int ForgetfulCrashes { get; set; }

    /// <summary>The last message of a publisher, topic and QoS that came for the first time.</summary>
    public Dictionary<(int Publisher, string Topic, Qos Published, Qos Delivered), int> LastFirst { get; } = [];

    public Receipt ReceiptOf(int message)
    {
        if (!_receipts.TryGetValue(message, out var receipt)) _receipts[message] = receipt = new Receipt();
        return receipt;
    }

    public bool Has(int message) => _receipts.TryGetValue(message, out var receipt) && receipt.HasCome;

    public IEnumerable<SubscriptionSpan> Possible(Message message, long now)
    {
        foreach (var span in Subscriptions)
        {
            // What a member of a shared group did not finish goes to another one when its session ends.
            var to = span.Group is null ? Math.Min(now, message.LastPossibleStep) : now;
            if (!span.Matches(message.Topic) || !span.MayCover(message.SentStep, to)) continue;
            if (!(span.NoLocal && message.Publisher == Client)) yield return span;
        }
    }

    public IEnumerable<SubscriptionSpan> Certain(Message message)
    {
        foreach (var span in Subscriptions)
        {
            if (!span.CertainlyCovers(message.SentStep, message.DoneStep) || !span.Matches(message.Topic)) continue;
            if (!(span.NoLocal && message.Publisher == Client)) yield return span;
        }
    }
}
