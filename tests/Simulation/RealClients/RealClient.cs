using System.IO.Pipelines;
using Avocet.Client;
using Avocet.Protocol;
using Avocet.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace Avocet.Simulation.RealClients;

/// <summary>
/// An Avocet client in the simulation. Its work runs on the simulation's own stack wherever .NET lets it; where .NET takes it to the thread pool, the
/// simulation stands still until the client has come to rest again, so that a run hardly depends on threads.
/// </summary>
internal sealed class RealClient : IObserver<ConnectionChange>, IAsyncDisposable
{
    private static readonly TimeSpan RestTimeMax = TimeSpan.FromSeconds(20);

    private readonly FakeTimeProvider _clock;
    private volatile TaskCompletionSource<IDuplexPipe>? _attempt;
    private long _waitsUntil;

    public RealClient(int number, ClientPlan plan, SeededRandom random, FakeTimeProvider clock)
    {
        Number = number;
        _clock = clock;
        var version = random.Chance(300) ? ProtocolVersion.V311 : ProtocolVersion.V50;
        Filter = random.Pick(ClientPlan.Filters);
        Client = new MqttClient(new MqttClientOptions
        {
            ClientId = $"c{number}",
            ProtocolVersion = version,
            FallsBackTo311 = false,
            CleanStart = version == ProtocolVersion.V50,
            SessionExpiry = TimeSpan.FromDays(1),
            KeepAlive = TimeSpan.FromSeconds(random.Pick([0, 5, 30])),
            // Before 5.0 it is not read from beyond that, and nobody may wait for somebody else.
            ReceiveMaximum = version == ProtocolVersion.V50 ? random.Pick([1, 3, 20, 1024]) : ushort.MaxValue,
            TopicAliasMaximum = random.Pick([0, 1, 10]),
            UsesTopicAliases = random.Chance(700),
            ConnectTimeout = TimeSpan.FromHours(1),
            ReconnectDelay = TimeSpan.FromMilliseconds(random.Pick([0, 100, 1000])),
            ReconnectDelayMax = TimeSpan.FromSeconds(5),
            ShutdownTimeout = TimeSpan.Zero,
            Outbox = Outbox.InMemory(random.Pick([5, 100, 10_000])),
            TimeProvider = clock,
            TransportFactory = token => new ValueTask<IDuplexPipe>(BeginAttempt(token).Task),
            PropagatesTraceContext = false,
            Scheduler = PipeScheduler.Inline,
            Random = new Random((int)(plan.Seed % 1_000_000) + number),
        });
        Client.Changes.Subscribe(this);
    }

    public int Number { get; }

    /// <summary>What it subscribes to, at QoS 2.</summary>
    public string Filter { get; }

    public MqttClient Client { get; }

    /// <summary>The latest connection; null before the first.</summary>
    public ClientTransport? Transport { get; private set; }

    /// <summary>Whether it wants a connection.</summary>
    public bool HasAttempt => _attempt is not null;

    /// <summary>Whether there is a connection that neither side has given up.</summary>
    public bool IsLinked => Transport is { IsClosed: false };

    /// <summary>Messages read and not acknowledged yet.</summary>
    public List<MqttMessage> Unacknowledged { get; } = [];

    /// <summary>Whether it has its subscription.</summary>
    public bool IsReading => Messages is not null;

    private IAsyncEnumerator<MqttMessage>? Messages { get; set; }

    private Subscription? Subscription { get; set; }

    private bool IsAtRest => _attempt is not null || (IsLinked ? Transport!.IsIdle : Client.State switch
    {
        ConnectionState.Waiting => _clock.GetTimestamp() < Volatile.Read(ref _waitsUntil),
        ConnectionState.Closed => true,
        _ => false,
    });

    public void Start()
    {
        Client.Start();
        Rest();
    }

    public void Accept(ClientTransport transport)
    {
        var attempt = _attempt!;
        _attempt = null;
        Transport = transport;
        attempt.SetResult(transport);
        Rest();
    }

    public void Refuse()
    {
        var attempt = _attempt!;
        _attempt = null;
        attempt.SetException(new IOException("Nobody is there."));
        Rest();
    }

    public Task<Subscription> SubscribeAsync() => Client.OpenSubscriptionAsync(Filter, new SubscribeOptions { Qos = Qos.ExactlyOnce, BufferMessages = 1_000_000, Acknowledge = AcknowledgeMode.Manual });

    public void Subscribed(Subscription subscription)
    {
        Subscription = subscription;
        Messages = subscription.ReadAllAsync().GetAsyncEnumerator();
    }

    /// <summary>The next message that has come; null when there is none.</summary>
    public MqttMessage? Take()
    {
        if (Subscription!.Buffer.IsEmpty) return null;

        // There is one, so nobody has to wait.
        var move = Messages!.MoveNextAsync();
        if (!move.IsCompletedSuccessfully || !move.Result) throw new InvalidOperationException("A message that is there is not read.");

        var message = Messages.Current;
        if (message.Qos != Qos.AtMostOnce) Unacknowledged.Add(message);
        return message;
    }

    /// <summary>Acknowledges one of the messages that were read.</summary>
    public void Acknowledge(int index)
    {
        Unacknowledged[index].Acknowledge();
        Unacknowledged.RemoveAt(index);
        Rest();
    }

    /// <summary>Returns when the client does nothing more before something happens to it.</summary>
    public void Rest()
    {
        if (!SpinWait.SpinUntil(() => IsAtRest, RestTimeMax)) throw new InvalidOperationException($"c{Number} does not come to rest: {Client.LastChange}.");
    }

    public void OnNext(ConnectionChange value)
    {
        // Task.Delay counts whole milliseconds.
        var milliseconds = (long)value.RetryIn.TotalMilliseconds;
        if (value.State == ConnectionState.Waiting) Volatile.Write(ref _waitsUntil, _clock.GetTimestamp() + (milliseconds * _clock.TimestampFrequency / 1000));
    }

    public void OnCompleted()
    {
        // The state says so too.
    }

    public void OnError(Exception error)
    {
        // Never called.
    }

    public async ValueTask DisposeAsync()
    {
        // Nobody brings bytes any more.
        Transport?.Break();
        await Client.DisposeAsync().AsTask().WaitAsync(RestTimeMax);
    }

    private TaskCompletionSource<IDuplexPipe> BeginAttempt(CancellationToken cancellationToken)
    {
        var attempt = new TaskCompletionSource<IDuplexPipe>();
        cancellationToken.UnsafeRegister(_ => attempt.TrySetCanceled(cancellationToken), null);
        _attempt = attempt;
        return attempt;
    }
}
