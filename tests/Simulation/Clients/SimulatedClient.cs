using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Simulation.Model;
using Avocet.TestKit;
using Avocet.TestKit.Packets;

namespace Avocet.Simulation.Clients;

/// <summary>A client that follows its part of the plan: connects, subscribes, publishes, goes away in every manner, and comes back.</summary>
internal sealed class SimulatedClient(SimulatedWorld world, int number)
{
    private static readonly uint[] Delays = [0, 0, 2, 10];

    private readonly SeededRandom _random = world.Random.Fork();
    private readonly ClientState _state = new();
    private Character? _character;
    private bool _insistsOnClean;
    private bool _hasEverConnected;

    public int Number => number;

    public ClientLink? Link { get; private set; }

    public ProtocolVersion Version => Self.Version;

    /// <summary>Whether nothing of its own waits for an answer.</summary>
    public bool IsQuiet => Link is { IsAccepted: true, HasEnded: false, HasOwed: false, HasRequest: false } && _state.Outbound.Count == 0;

    /// <summary>Whether the broker may know a session of it.</summary>
    public bool HasEverConnected => _hasEverConnected;

    private Character Self => _character ??= new Character(_random);

    /// <summary>Does one thing, as the plan has it.</summary>
    public void Act()
    {
        DropEnded();
        if (Link is null)
        {
            if (_random.Chance(300)) Connect(isCalm: false);
        }
        else if (_random.Below(1000) < world.Plan.Unrest)
        {
            BeRestless(Link);
        }
        else if (Link.IsAccepted)
        {
            DoWork(Link);
        }
    }

    /// <summary>Only finishes what was begun: comes back to its session and answers.</summary>
    public void Drain()
    {
        DropEnded();
        // Keep alive would go on for ever.
        if (Link is { IsAccepted: true, KeepAliveSeconds: > 0 }) Disconnect(Link, ReasonCode.Success, null);
        else if (Link is null && world.IsStopping) return; // It would be turned away again and again, without time passing.
        else if (Link is null) Connect(isCalm: true);
        else Serve(Link);
    }

    /// <summary>Ends its session for good.</summary>
    public void Leave()
    {
        DropEnded();
        if (Link is { IsAccepted: true } accepted)
        {
            Disconnect(accepted, ReasonCode.Success, Version == ProtocolVersion.V50 && accepted.Link.ExpiryMilliseconds > 0 ? 0u : null);
        }
    }

    public void Connect(bool isCalm, bool isClean = false)
    {
        _hasEverConnected = true;
        var clean = isClean || _insistsOnClean || (!isCalm && _random.Chance(Self.CleanPerThousand));
        var expirySeconds = Self.Version == ProtocolVersion.V50 ? Self.ChooseExpiry(_random, isCalm) : clean ? 0 : uint.MaxValue;
        if (isClean) expirySeconds = 0;

        var keepAlive = isCalm || !_random.Chance(100) ? (ushort)0 : (ushort)_random.Between(2, 30);
        var packet = Given.Client($"c{number}").Version(Version).Clean(clean).KeepAlive(keepAlive);
        if (Version == ProtocolVersion.V50) packet = packet.SessionExpiry(expirySeconds).ReceiveMaximum(Self.ReceiveMaximum);
        if (Version == ProtocolVersion.V50 && world.Plan.TopicAliases > 0) packet = packet.TopicAliasMaximum((ushort)world.Plan.TopicAliases);

        var link = new Link
        {
            Number = world.NextWire,
            Client = number,
            IsCleanStart = clean,
            ExpiryMilliseconds = expirySeconds == uint.MaxValue ? Message.Never : expirySeconds * 1000L,
            SentStep = world.NextStep(),
            SentAt = world.Now,
            MayEndByItself = keepAlive > 0 || (Version != ProtocolVersion.V50 && world.Plan.OutagesPerMillion > 0),
        };
        if (!isCalm && _random.Chance(300)) packet = AddWill(packet, link);

        // A client that asked for a new session has given the old one up, whatever becomes of the answer.
        _insistsOnClean = clean;
        if (clean) _state.Discard(BrokerModel.Abandoned);

        world.Model.Connecting(link);
        var wire = world.OpenWire(link);
        Link = new ClientLink(world, number, _state, Version, link, wire, Version == ProtocolVersion.V50 ? Self.ReceiveMaximum : ushort.MaxValue) { IsSlow = !isCalm && Self.IsSlow, KeepAliveSeconds = keepAlive, TopicAliasMaximum = world.Plan.TopicAliases };
        var will = link.Will is { } will1 ? $" will {will1.Message} to {will1.Message.Topic} QoS {(int)will1.Message.Qos}{(will1.Message.Retain ? " RETAIN" : "")} delay {will1.DelayMilliseconds / 1000} s" : "";
        Link.Send(packet, $"CONNECT {link.Number} {Version} clean {(clean ? 1 : 0)} expiry {(expirySeconds == uint.MaxValue ? "never" : expirySeconds)} keep alive {keepAlive}{will}");
    }

    /// <summary>Asks for all retained messages.</summary>
    public void SubscribeToAll()
    {
        var span = new SubscriptionSpan { Filter = "#", Qos = Qos.AtLeastOnce, SendsRetained = true, PossibleFrom = world.NextStep() };
        Link!.Subscribe(span, Given.Subscribe(1).Filter("#", Qos.AtLeastOnce), 1);
    }

    /// <summary>Removes the retained message of a topic.</summary>
    public void Clear(string topic)
    {
        var message = new Message
        {
            Number = world.NextMessage(),
            Publisher = number,
            Topic = topic,
            Qos = Qos.AtLeastOnce,
            Retain = true,
            IsClear = true,
            SentStep = world.NextStep(),
            LastLink = Link!.Link,
        };
        world.Model.Publishing(message);
        Link.Publish(message);
    }

    /// <summary>Reads some of what came.</summary>
    public void Read(int count)
    {
        Link?.Read(count);
        // With CONNACK the session is agreed upon again.
        if (Link is { IsAccepted: true }) _insistsOnClean = false;
    }

    private void DropEnded()
    {
        if (Link is { HasEnded: true }) Link = null;
    }

    private void DoWork(ClientLink link)
    {
        var choice = _random.Below(100);
        if (choice < 30 || world.Plan.Options.ReceiveMaximum <= _state.Outbound.Count) Serve(link);
        else if (choice < 80) Publish(link);
        else if (choice < 94) Subscribe(link);
        else Unsubscribe(link);
    }

    private void Serve(ClientLink link)
    {
        if (link.HasOwed) link.SendOwed(_random.Between(1, 5));
        else if (link.KeepAliveSeconds > 0 && world.Now - link.LastSentAt > link.KeepAliveSeconds * 500L) link.Send(Given.Pingreq(), "PINGREQ");
    }

    private void Publish(ClientLink link)
    {
        if (_state.Outbound.Count >= Self.WindowMax || world.WindowMax <= _state.Outbound.Count) return;

        var retain = _random.Chance(120);
        var message = new Message
        {
            Number = world.NextMessage(),
            Publisher = number,
            Topic = _random.Pick(RunPlan.Topics),
            Qos = (Qos)_random.Below(3),
            Retain = retain,
            IsClear = retain && _random.Chance(200),
            ExpirySeconds = Version == ProtocolVersion.V50 && _random.Chance(60) ? (uint)_random.Between(1, 20) : null,
            SentStep = world.NextStep(),
            LastLink = link.Link,
        };
        message.Durability = world.DurabilityOf(message.Topic);
        world.Model.Publishing(message);
        link.Publish(message);
    }

    private void Subscribe(ClientLink link)
    {
        if (link.HasRequest || (link.Life!.Subscriptions.Count(span => span.PossibleTo == Message.Never) >= 4 && _random.Chance(800))) return;

        var isShared = _random.Chance(200);
        var isV5 = Version == ProtocolVersion.V50;
        var filter = _random.Pick(isShared ? RunPlan.SharedFilters : RunPlan.Filters);
        var handling = isV5 ? (RetainHandling)_random.Pick([0, 0, 1, 2]) : RetainHandling.SendAtSubscribe;
        var packetId = _state.NextPacketId();
        var span = new SubscriptionSpan
        {
            Filter = filter,
            // A member of a group at QoS 0 may lose what another would have got.
            Qos = isShared ? (Qos)_random.Between(1, 2) : (Qos)_random.Pick([0, 1, 1, 2, 2, 2]),
            NoLocal = isV5 && !isShared && _random.Chance(150),
            RetainAsPublished = isV5 && _random.Chance(150),
            SendsRetained = !isShared && handling != RetainHandling.DoNotSend,
            PossibleFrom = world.NextStep(),
        };
        link.Subscribe(span, Given.Subscribe(packetId).Filter(filter, span.Qos, span.NoLocal, span.RetainAsPublished, handling), packetId);
    }

    private void Unsubscribe(ClientLink link)
    {
        var filters = link.Life!.Subscriptions.Where(span => span.PossibleTo == Message.Never).Select(span => span.Filter).Distinct().ToList();
        if (!link.HasRequest && filters.Count > 0) link.Unsubscribe(_random.Pick(filters), _state.NextPacketId());
    }

    private void BeRestless(ClientLink link)
    {
        var choice = _random.Below(100);
        if (choice < 50)
        {
            Cut(link);
        }
        else if (choice < 75)
        {
            world.Note(number, 0, $"-- leaves connection {link.Link.Number} hanging");
            link.Forsake();
            Link = null;
            Connect(isCalm: false);
        }
        else if (link.IsAccepted)
        {
            var reason = Version == ProtocolVersion.V50 && _random.Chance(300) ? ReasonCode.DisconnectWithWillMessage : ReasonCode.Success;
            uint? expiry = Version == ProtocolVersion.V50 && link.Link.ExpiryMilliseconds > 0 && _random.Chance(200) ? Self.ChooseExpiry(_random, isCalm: false) : null;
            Disconnect(link, reason, expiry);
        }
    }

    /// <summary>The connection breaks: part of what is under way still arrives, perhaps half a packet.</summary>
    private void Cut(ClientLink link)
    {
        var delivered = _random.Below(link.Wire.UnderWay + 1);
        var isReset = _random.Chance(500);
        world.Note(number, 0, $"-- connection {link.Link.Number} breaks{(isReset ? " by reset" : "")} after {delivered} of {link.Wire.UnderWay} bytes");
        world.Model.Cut(link.Link);
        if (delivered > 0) link.Wire.Deliver(delivered);

        link.Wire.Close(isReset);
        link.Forsake();
        Link = null;
    }

    private void Disconnect(ClientLink link, ReasonCode reason, uint? expirySeconds)
    {
        link.Link.DisconnectsWithWill = reason != ReasonCode.Success;
        if (expirySeconds is { } changed) link.Link.DisconnectExpiryMilliseconds = changed == uint.MaxValue ? Message.Never : changed * 1000L;

        var packet = Given.Disconnect(reason);
        link.Send(expirySeconds is { } seconds ? packet.SessionExpiry(seconds) : packet, $"DISCONNECT {reason.Describe()}{(expirySeconds is null ? "" : $" expiry {expirySeconds}")}");
        world.Model.Cut(link.Link);
        link.Wire.EndInOrder();
        link.Forsake();
        Link = null;
    }

    private ClientBuilder AddWill(ClientBuilder packet, Link link)
    {
        var delay = Version == ProtocolVersion.V50 ? _random.Pick(Delays) : 0;
        var message = new Message
        {
            Number = world.NextMessage(),
            Publisher = number,
            Topic = _random.Pick(RunPlan.Topics),
            Qos = (Qos)_random.Below(3),
            Retain = _random.Chance(150),
            IsWill = true,
            SentStep = link.SentStep,
            LastLink = link,
        };
        link.Will = new Will { Message = message, Link = link, DelayMilliseconds = delay * 1000L };
        world.Model.Publishing(message);
        return packet.Will(message.Topic, ClientState.PayloadOf(message.Number), message.Qos, message.Retain, delay);
    }

    /// <summary>What kind of client it is, for the whole run.</summary>
    private sealed class Character(SeededRandom random)
    {
        private readonly bool _isSteady = random.Chance(600);

        public ProtocolVersion Version { get; } = random.Chance(350) ? ProtocolVersion.V311 : ProtocolVersion.V50;

        /// <summary>Whether it answers late.</summary>
        public bool IsSlow { get; } = random.Chance(400);

        public ushort ReceiveMaximum { get; } = (ushort)random.Pick([1, 2, 5, 65535]);

        public int WindowMax { get; } = random.Between(1, 8);

        public int CleanPerThousand => _isSteady ? 10 : 250;

        public uint ChooseExpiry(SeededRandom random, bool isCalm)
        {
            if (_isSteady || isCalm) return random.Chance(300) ? uint.MaxValue : 100_000;

            return random.Pick([0u, 0u, (uint)random.Between(1, 20), 100_000u]);
        }
    }
}
