using Avocet.Broker;
using Avocet.Protocol;

namespace Avocet.Simulation.Model;

/// <summary>What a model of the broker is told of the world around it.</summary>
/// <param name="Step">Numbers all that happens, one after the other.</param>
/// <param name="Now">The simulated time in milliseconds.</param>
/// <param name="Commits">Commits of the disk so far.</param>
/// <param name="IsDiskWell">Whether the disk takes commits.</param>
internal sealed record ModelWorld(Func<long> Step, Func<long> Now, Func<int> Commits, Func<bool> IsDiskWell);

/// <summary>
/// What each client may see, must see and must not see, from what the clients did and were answered. It knows nothing of how the broker works.
/// Where the outcome of something is open, as with an unanswered request on a cut connection, both outcomes are right.
/// </summary>
internal sealed class BrokerModel
{
    private readonly ModelWorld _world;
    private readonly Dictionary<int, Message> _messages = [];
    private readonly List<Presence> _presences = [];
    private readonly List<SessionLife> _lives = [];
    private readonly RetainedTopics _retained = new();
    private readonly DeliveryRules _rules;
    private readonly Wills _wills;

    /// <summary>The step at which the disk worked again after it had failed last; never while it fails.</summary>
    private long _unwellUntil = -1;

    public BrokerModel(ModelWorld world)
    {
        _world = world;
        _rules = new DeliveryRules(_retained, _messages);
        _wills = new Wills(world.Step, world.Now, world.Commits, world.IsDiskWell);
    }

    public IReadOnlyDictionary<int, Message> Messages => _messages;

    public RetainedTopics Retained => _retained;

    public IReadOnlyList<SessionLife> Lives => _lives;

    public long Deliveries { get; private set; }

    /// <summary>Whether a commit has failed in this run.</summary>
    public bool DiskHasFailed { get; private set; }

    /// <summary>Whether queues are so short that the first copy of a message may be dropped.</summary>
    public bool HasTinyQueues { get; init; }

    public void Connecting(Link link)
    {
        PresenceOf(link.Client).Connecting(link);
        if (link.Will is { } will) _wills.Add(will);
    }

    public SessionLife Accepted(Link link, bool isPresent)
    {
        var presence = PresenceOf(link.Client);
        var former = presence.Links.Where(other => other != link).ToList();
        var life = presence.Accept(link, isPresent, _world.Now(), _world.Step());
        if (!_lives.Contains(life)) _lives.Add(life);

        // CONNACK waits for the commit of what CONNECT said, unless the disk fails.
        if (link.ExpiryMilliseconds > 0 && link.SentStep > _unwellUntil) Keep(life, link);

        foreach (var other in former) _wills.Superseded(other, link, isPresent, isContested: former.Count > 1);
        return life;
    }

    /// <summary>The client lets the connection go, or asks the broker to.</summary>
    public void Cut(Link link) => link.CutAt = Math.Min(link.CutAt, _world.Now());

    /// <summary>The broker has let the connection go.</summary>
    public void Ended(Link link)
    {
        if (link.HasEnded) return;

        link.EndedAt = _world.Now();
        link.EndedStep = _world.Step();
        link.EndedAtCommits = _world.Commits();
        _wills.Ended(link);
    }

    public void TimePassed() => _wills.Advance(client => PresenceOf(client).Links);

    public void DiskFailed()
    {
        DiskHasFailed = true;
        _unwellUntil = Message.Never;
        _wills.DiskFailed();
    }

    /// <summary>A commit has succeeded.</summary>
    public void DiskWorked()
    {
        if (_unwellUntil == Message.Never) _unwellUntil = _world.Step();
    }

    /// <summary>A crash has come before the broker could take back what it had refused, but which is on the disk: nothing is certain of it.</summary>
    /// <param name="since">The step of the commit that failed after it was applied.</param>
    /// <param name="links">The connections on which more of it may have been refused.</param>
    public void ForgetRefusals(long since, IEnumerable<Link> links)
    {
        foreach (var message in _messages.Values)
        {
            if (message.Outcome == Outcome.Refused && message.DoneStep >= since) message.Outcome = Outcome.Abandoned;
        }

        foreach (var link in links) link.HasOpenRefusals = true;
    }

    /// <summary>The machine has crashed and was started again.</summary>
    /// <param name="kept">The commits up to this one have survived.</param>
    /// <param name="isSafe">Whether they would also survive the next crash.</param>
    /// <param name="stoppingSince">When an orderly stop had begun before, or null.</param>
    public void Restarted(int kept, bool isSafe, long? stoppingSince)
    {
        foreach (var message in _messages.Values)
        {
            // "os" is written before it is acknowledged, "none" with the commit that gathers then, behind the one that is under way.
            var keptWith = message.Durability switch { Durability.Fsync => 0, Durability.Os => message.DoneAtCommits, _ => message.DoneAtCommits + 2 };
            message.MayBeLost |= kept < keptWith && message.Outcome == Outcome.Acknowledged && !message.IsWill;
        }

        foreach (var presence in _presences) presence.Restarted(_world.Now(), _world.Step(), kept, _world.Commits(), isSafe);

        _wills.Restarted(kept, stoppingSince ?? _world.Now(), client => PresenceOf(client).Life);
    }

    /// <summary>The broker has stopped in order and was started again: nothing may be forgotten.</summary>
    public void RestartedInOrder()
    {
        foreach (var life in _lives) life.Restarts++;

        _wills.RestartedInOrder();
    }

    public void Publishing(Message message)
    {
        _messages.Add(message.Number, message);
        _retained.Add(message);
    }

    public void SentAgain(Message message, Link link)
    {
        message.Transmissions++;
        message.LastLink = link;
        message.MayBeOutOfOrder |= DiskHasFailed || HasTinyQueues;
        // The broker may have lost what it received, with a session that the client still believes in.
        message.MayComeTwice |= PresenceOf(message.Publisher).Life is { IsDoubtful: true };
    }

    public void Decided(Message message, Outcome outcome)
    {
        message.Outcome = outcome;
        message.DoneStep = _world.Step();
        message.DoneAt = _world.Now();
        message.DoneAtCommits = _world.Commits();
        message.MayBeLost = message.Durability != Durability.Fsync && message.LastLink.OutlivedCrash;
    }

    public static void Abandoned(Message message)
    {
        if (message.Outcome == Outcome.Open) message.Outcome = Outcome.Abandoned;
    }

    public SubscriptionSpan Subscribing(SessionLife life, SubscriptionSpan span)
    {
        EndCertainty(life, span.Filter);
        life.Subscriptions.Add(span);
        return span;
    }

    /// <summary>SUBACK came. After a failure it is not known whether the old subscription, the new one, or none is there.</summary>
    public void Subscribed(SessionLife life, Link link, SubscriptionSpan span, bool isGranted)
    {
        if (!isGranted) return;

        var step = _world.Step();
        span.CertainFrom = step;
        foreach (var former in life.Subscriptions.Where(other => other != span && other.Filter == span.Filter)) former.PossibleTo = Math.Min(former.PossibleTo, step);

        if (link.ExpiryMilliseconds == 0) return;

        // Its commit holds the session and the will as well, which came before it.
        Keep(life, link);
    }

    public void Unsubscribing(SessionLife life, string filter) => EndCertainty(life, filter);

    public void Unsubscribed(SessionLife life, string filter, bool isDone)
    {
        if (!isDone) return;

        var step = _world.Step();
        foreach (var span in life.Subscriptions.Where(span => span.Filter == filter)) span.PossibleTo = Math.Min(span.PossibleTo, step);
    }

    /// <summary>A PUBLISH came which is not a repetition within a QoS 2 exchange.</summary>
    public void Delivered(SessionLife life, int number, in Delivery delivery, long connectedAt)
    {
        Deliveries++;
        if (!_messages.TryGetValue(number, out var message))
        {
            throw new ViolationException("content", $"c{life.Client} got a payload that nobody published: {number}.", [life.Client]);
        }

        if (message.IsWill) _wills.CheckDelivery(message, life.Client, PresenceOf(message.Publisher).Links);
        _rules.Check(life, message, delivery, connectedAt, _world.Step());
    }

    /// <summary>A PUBLISH without payload: it can be any message of the topic that clears.</summary>
    public void DeliveredClear(SessionLife life, string topic)
    {
        Deliveries++;
        var step = _world.Step();
        var candidates = _messages.Values.Where(message => message.IsClear && message.Topic == topic);
        if (candidates.Any(message => life.Possible(message, step).Any())) return;

        throw new ViolationException("right", $"c{life.Client} got a message without payload to {topic}, which it must not.", [life.Client]);
    }

    /// <summary>Everything is quiet and everybody is connected: has everything arrived that must?</summary>
    public void CheckArrived()
    {
        var alive = _lives.Where(life => life is { HasEnded: false, IsDoubtful: false }).ToList();
        foreach (var message in _messages.Values.Where(message => message.MustArrive))
        {
            foreach (var life in alive)
            {
                var certain = life.Certain(message).Where(span => span.Group is null).ToList();
                if (certain.Exists(span => span.Qos != Qos.AtMostOnce) && !life.Has(message.Number)) throw Lost(life, message, certain[0].Filter);
            }

            CheckGroups(message, alive);
        }
    }

    public Presence PresenceOf(int client)
    {
        while (_presences.Count <= client) _presences.Add(new Presence(_presences.Count));

        return _presences[client];
    }

    // A group's message goes to one of its members. Where the session of one has ended, or is doubtful, it may have taken the message with it.
    private void CheckGroups(Message message, List<SessionLife> alive)
    {
        var groups = alive.SelectMany(life => life.Certain(message)).Where(span => span.Group is not null && span.Qos != Qos.AtMostOnce).Select(span => span.Group!).Distinct().ToList();
        foreach (var group in groups)
        {
            var members = _lives.Where(life => life.Possible(message, _world.Step()).Any(span => span.Group == group)).ToList();
            if (members.Exists(life => life.HasEnded || life.IsDoubtful)) continue;
            if (members.Exists(life => life.Has(message.Number))) continue;

            throw new ViolationException(
                "lost", $"No member of {group} got {message} of c{message.Publisher} to {message.Topic}.", [.. members.Select(life => life.Client), message.Publisher], message.Number);
        }
    }

    private static ViolationException Lost(SessionLife life, Message message, string filter)
    {
        var what = message.IsWill ? "the will " : "";
        return new ViolationException(
            "lost", $"c{life.Client} did not get {what}{message} of c{message.Publisher} to {message.Topic}, which was acknowledged; it had subscribed to {filter}.", [life.Client, message.Publisher], message.Number);
    }

    private static void Keep(SessionLife life, Link link)
    {
        life.IsKept = true;
        link.IsKept = true;
    }

    private void EndCertainty(SessionLife life, string filter)
    {
        var step = _world.Step();
        foreach (var span in life.Subscriptions.Where(span => span.Filter == filter)) span.CertainTo = Math.Min(span.CertainTo, step);
    }
}
