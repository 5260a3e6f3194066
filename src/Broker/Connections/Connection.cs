using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using Avocet.Broker.Handlers;
using Avocet.Broker.Inspection;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Security;
using Avocet.Broker.Sessions;
using Avocet.Broker.Time;
using Avocet.Broker.Tracing;
using Avocet.Protocol;

namespace Avocet.Broker.Connections;

/// <summary>
/// One network connection: reads packets, gives each to its handler, and flushes, once per batch, every connection that got output. All its
/// members but <see cref="Close"/>, <see cref="OnRoom"/> and <see cref="OnExpired"/> belong to the read loop. As a timer it has its deadline: for CONNECT first,
/// then for the keep alive.
/// </summary>
[SuppressMessage("Design", "CA1031", Justification = "The last resort: one connection's fault must not reach the others.")]
internal sealed class Connection : WheelTimer, IReadWaiter
{
    /// <summary>Bytes of a CONNECT at most: every field at its largest would be more, but nobody needs that before he is known.</summary>
    private const int ConnectSizeMax = 512 * 1024;

    /// <summary>Reads before a takeover at most: who keeps sending must not keep the session.</summary>
    private const byte ReadsBeforeTakeOverMax = 16;

    private static readonly Ending TakenOver = new(EndingCause.TakenOver, ReasonCode.SessionTakenOver, "another connection uses this client identifier");

    private readonly ITransport _transport;
    private FlushBatch? _batch;
    private PublisherState? _publisher;
    private Ending? _ending;
    private Steps? _steps;
    private ClientTerms? _terms;
    private Signal _left;
    private Signal _ended;
    private volatile bool _isUnanswered;
    private volatile bool _isHeld;

    /// <summary>How often it may read on before another connection has its session; 0 where none is to have it.</summary>
    private volatile byte _readsBeforeTakeOver;
    private long _lastReceivedAt;
    private long _bytesReceived;
    private long _connectedAt;
    private int _keepAliveMilliseconds;

    public Connection(BrokerContext context, ITransport transport, bool isOverLimit)
    {
        Context = context;
        _transport = transport;
        IsOverLimit = isOverLimit;
        Writer = new ConnectionWriter(this, transport.Output);
    }

    public BrokerContext Context { get; }

    public ConnectionOrigin Origin => _transport.Origin;

    /// <summary>Whether a connection limit was reached already; CONNECT will be refused.</summary>
    public bool IsOverLimit { get; }

    public ConnectionWriter Writer { get; }

    /// <summary>The connections written to by the packets handled at present.</summary>
    public FlushBatch Batch => _batch ??= FlushBatch.Rent(Context.Commits);

    /// <summary>The neighbours in the <see cref="ConnectionList"/>, whose gate guards them.</summary>
    internal Connection? NextInList;
    internal Connection? PreviousInList;

    public ProtocolVersion Version { get; set; }

    /// <summary>The session, once CONNECT was accepted.</summary>
    public Session? Session { get; set; }

    /// <summary>Who the client is, once CONNECT was accepted.</summary>
    public ClientIdentity? Identity { get; set; }

    /// <summary>The user as which it counts against the limit of connections; null where it does not.</summary>
    public string? CountedUser
    {
        get => _terms?.CountedUser;
        set => Terms.CountedUser = value;
    }

    /// <summary>What the client may do; null for everything.</summary>
    public ClientAccess? Access { get; set; }

    /// <summary>Whether reason strings may be sent in all packets. [MQTT-3.1.2-29]</summary>
    public bool WantsProblemInformation
    {
        get => Writer.WantsProblemInformation;
        set => Writer.WantsProblemInformation = value;
    }

    /// <summary>The exchange of enhanced authentication, at CONNECT or later; null when the client chose none.</summary>
    public EnhancedAuthentication? Enhanced
    {
        get => _terms?.Enhanced;
        set => Terms.Enhanced = value;
    }

    /// <summary>What its publishing and subscribing needs; most idle connections have none.</summary>
    public PublisherState Publisher => _publisher ??= new PublisherState(Context);

    /// <summary>How the connection ends, once that is known.</summary>
    public Ending? Ending => Volatile.Read(ref _ending);

    /// <summary>Whether it has ended or is about to: what a step of it brought is of no use any more.</summary>
    public bool IsToEnd => Ending is not null || _readsBeforeTakeOver > 0;

    /// <summary>For logs: the client identifier, or the address before there is one.</summary>
    public string Name => Identity is null ? Address : PrintableText.Of(Identity.ClientId);

    /// <summary>Empty before it is known.</summary>
    public string ClientId => Identity?.ClientId ?? "";

    public string Address => Origin.RemoteEndPoint?.ToString() ?? Origin.Transport;

    /// <summary>When the client was let in, in milliseconds of the clock.</summary>
    public long ConnectedAt => Volatile.Read(ref _connectedAt);

    /// <summary>When the last bytes came, in milliseconds of the clock: the time at which the packets at hand are handled.</summary>
    public long LastReceivedAt => Volatile.Read(ref _lastReceivedAt);

    /// <summary>What the client asked for, as far as the broker allows it; 0 for none.</summary>
    public int KeepAliveSeconds => Volatile.Read(ref _keepAliveMilliseconds) / 1500;

    /// <summary>What has gone over the connection so far.</summary>
    public ClientTraffic Traffic
    {
        get
        {
            var (bytes, messages) = Writer.Sent;
            return new ClientTraffic(Volatile.Read(ref _bytesReceived), bytes, _publisher?.Messages ?? 0, messages);
        }
    }

    /// <summary>Begins to read. When the connection ends it leaves the list of those that run.</summary>
    public void Run()
    {
        Context.Statistics.Add(Counter.SocketsOpened);
        Context.Wheel.Set(this, Context.Clock.Now + (Context.Options.ConnectTimeoutSeconds * 1000L));
        OnReadable();
    }

    /// <summary>The read loop: called by the transport when there is something to read, it goes on until there is nothing more. Never fails.</summary>
    public void OnReadable()
    {
        while (Ending is null)
        {
            try
            {
                // Whoever is called next may be running already.
                if (!_transport.TryRead(this, out var result)) return;

                HandleRead(result);
                if (MustWait && WaitAsync() is { IsCompletedSuccessfully: false } wait)
                {
                    _ = GoOnAfterAsync(wait);
                    return;
                }
            }
            catch (Exception exception)
            {
                EndBy(exception);
            }
        }

        _ = FinishAsync();
    }

    /// <summary>Flushes what the packets at hand gave to send, and lets a commit begin. An idle connection needs no batch.</summary>
    public void Flush()
    {
        if (_batch is not { } batch) return;

        batch.Flush();
        _batch = null;
        batch.Return();
    }

    /// <summary>Ends the connection from its own read loop.</summary>
    public void End(Ending ending) => Interlocked.CompareExchange(ref _ending, ending, null);

    /// <summary>Ends the connection from any thread, not under a lock: the read loop may go on inline.</summary>
    public void Close(Ending ending)
    {
        if (Interlocked.CompareExchange(ref _ending, ending, null) is null) Interrupt();
    }

    /// <summary>
    /// Ends the connection for another one of its client, from any thread, as <see cref="Close"/> does; but what has come already is handled before. For its
    /// client may have sent that, and gone in good order, before it came back. What waits for something, such as room in the output, is not waited for.
    /// </summary>
    public void TakeOver()
    {
        if (IsToEnd) return;

        _readsBeforeTakeOver = ReadsBeforeTakeOverMax;
        // Whoever is about to wait sees it, or is seen to wait.
        Interlocked.MemoryBarrier();
        Interrupt();
    }

    /// <summary>
    /// A message of a 3.x client could not be stored, and its version has no way to say so. Once the store works again the connection ends, so that the
    /// client sends again what was not acknowledged.
    /// </summary>
    public void LeaveUnanswered()
    {
        _isUnanswered = true;
        if (Context.Commits is not { IsFailing: true }) CloseUnanswered();
    }

    /// <summary>Called, under no lock, when its output had no room and has some again.</summary>
    public void OnRoom() => Session?.Resume();

    /// <summary>Whether its client waits for an acknowledgement that will not come.</summary>
    public bool IsUnanswered => _isUnanswered;

    /// <summary>Ends the connection if its client waits for an acknowledgement that will not come.</summary>
    public void CloseUnanswered()
    {
        if (_isUnanswered) Close(Unanswered);
    }

    /// <summary>For a step that the read loop is to wait for: cancelled when the connection is to end.</summary>
    public CancellationToken GetStepToken()
    {
        var token = (_steps ??= new Steps()).GetToken();
        if (IsToEnd) _steps.Cancel();

        return token;
    }

    /// <summary>Completes once the connection handles no more packets and its session has been left. Whoever waits goes on elsewhere: it has still to be closed.</summary>
    public Task WhenLeftAsync() => _left.WhenSetAsync(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Says that the session has been left.</summary>
    public void MarkLeft()
    {
        _publisher?.Rate?.GiveBack();
        _left.Set();
    }

    /// <summary>Completes once the connection is over, on the stack of what ends it.</summary>
    public Task WhenEndedAsync() => _ended.WhenSetAsync(TaskCreationOptions.None);

    /// <summary>Ends the connection for a packet that broke a rule.</summary>
    public void Fail(PacketType type, in DecodeError error)
    {
        var name = NameOf(type);
        Log.PacketRefused(Context.Logger, Name, Address, name, error);
        End(new Ending(EndingCause.ProtocolFault, error.Reason, $"{name} refused: {error}"));
    }

    /// <summary>Ends the connection for a packet that broke a rule which no single byte shows.</summary>
    public void Fail(PacketType type, ReasonCode reason, string rule, string field, string problem)
    {
        Fail(type, new DecodeError(reason, rule, 0, field, problem));
    }

    /// <summary>Lets the read loop take a step that may have to wait, such as authentication, before it handles the next packet. A step may name another.</summary>
    public void Await(Func<Task> step)
    {
        Debug.Assert(!HasStep, "one step at a time");
        (_steps ??= new Steps()).Pending = step;
    }

    /// <summary>
    /// Puts the packet at hand back until the questions are answered: then it is handled again, as if it had just come. Nothing of it may have been done yet that
    /// cannot be done twice.
    /// </summary>
    public void HoldPacket(RemoteAccess remote, IReadOnlyList<RemoteQuestion> questions)
    {
        (_isHeld, Terms.HeldFor) = (true, remote);
        Await(() => remote.AskAsync(questions, GetStepToken()));
    }

    /// <summary>Begins to watch the keep alive; 0 turns it off. [MQTT-3.1.2-22]</summary>
    public void StartKeepAlive(int seconds)
    {
        // Here a session has begun.
        if (Context.SendLimits.RateOf(Origin, Identity?.UserName) is { } rate) Publisher.Rate = rate;

        _keepAliveMilliseconds = seconds * 1500;
        _connectedAt = _lastReceivedAt = Context.Clock.Now;
        var deadline = Math.Min(seconds == 0 ? Clock.Never : _lastReceivedAt + _keepAliveMilliseconds, ValidUntil);
        if (deadline == Clock.Never) Context.Wheel.Stop(this);
        else Context.Wheel.Set(this, deadline);
    }

    /// <summary>When what let the client in holds no longer. To be called before <see cref="StartKeepAlive"/>.</summary>
    public void SetValidUntil(DateTimeOffset? time)
    {
        if (time is { } known) Terms.ValidUntil = Context.Clock.FromUnix(known.ToUnixTimeMilliseconds());
    }

    public override void OnExpired()
    {
        var now = Context.Clock.Now;
        if (Session is null)
        {
            // Whoever waits for his session has a limit of his own.
            if (Identity is not null) return;

            Close(new Ending(EndingCause.ConnectTimeout, ReasonCode.UnspecifiedError, $"no complete CONNECT within {Context.Options.ConnectTimeoutSeconds} s"));
            return;
        }

        if (now >= ValidUntil)
        {
            Close(new Ending(EndingCause.AccessRevoked, ReasonCode.NotAuthorized, "the time for which the client was let in is over; it may connect again with a new token"));
            return;
        }

        var keepAlive = Volatile.Read(ref _keepAliveMilliseconds);
        // Who is not read from cannot show that he is alive.
        var lastSign = _isHeld || _publisher is { Rate.IsDelayed: true } ? now : Volatile.Read(ref _lastReceivedAt);
        var due = keepAlive == 0 ? Clock.Never : lastSign + keepAlive;
        var next = Math.Min(due, ValidUntil);
        if (next == Clock.Never) return;

        if (due > now) Context.Wheel.Set(this, next);
        else Close(new Ending(EndingCause.KeepAliveTimeout, ReasonCode.KeepAliveTimeout, $"nothing received for {keepAlive / 1000.0:0.#} s, 1.5 times the keep alive"));
    }

    /// <summary>The topic or filter with the listener's mount point in front; borrowed until the next call.</summary>
    public ReadOnlySpan<byte> Mount(ReadOnlySpan<byte> topic) => Writer.MountPointLength == 0 ? topic : Publisher.Mount(Origin.Listener.MountPoint, Writer.MountPointLength, topic);

    /// <summary>The packet type as the specification writes it.</summary>
    public static string NameOf(PacketType type) => type.ToString().ToUpperInvariant();

    private ClientTerms Terms => _terms ??= new ClientTerms();

    private long ValidUntil => _terms?.ValidUntil ?? Clock.Never;

    private bool HasStep => _steps is { Pending: not null };

    private bool MustWait => HasStep || Writer.IsFull || Context.Commits is { IsFull: true };

    /// <summary>Cuts short what the read loop waits for.</summary>
    private void Interrupt()
    {
        Volatile.Read(ref _steps)?.Cancel();
        Writer.StopWaiting();
        _transport.CancelPendingRead();
    }

    private void HandleRead(in ReadResult result)
    {
        if (!result.Buffer.IsEmpty) Volatile.Write(ref _lastReceivedAt, Context.Clock.Now);

        var consumed = HandlePackets(result.Buffer);
        var rate = _publisher?.Rate;
        // Before the buffer is given back.
        var bytes = rate is null ? 0 : result.Buffer.Slice(0, consumed).Length;
        var isDone = result.IsCanceled && consumed.Equals(result.Buffer.Start);
        // With a step pending, what follows is looked at again after it.
        _transport.AdvanceTo(consumed, HasStep ? consumed : result.Buffer.End);
        Flush();
        if (rate is not null)
        {
            // One step at a time: after this one they are taken.
            if (HasStep) rate.CountBytes(bytes);
            else if (rate.Take(bytes) is var late and > 0) Limit(late);
        }

        if (result.IsCompleted && !HasStep)
        {
            End(new Ending(EndingCause.ConnectionLost, ReasonCode.UnspecifiedError, "the client closed the connection without DISCONNECT"));
        }

        if (_readsBeforeTakeOver > 0) ReadOnBeforeTakeOver(isDone);
    }

    /// <summary>Lets the next read bring what is there, or nothing, but not wait.</summary>
    private void ReadOnBeforeTakeOver(bool isDone)
    {
        if (isDone || HasStep || --_readsBeforeTakeOver == 0) End(TakenOver);
        else _transport.CancelPendingRead();
    }

    /// <summary>The client sent so much that it is too early for more by some milliseconds.</summary>
    private void Limit(long milliseconds)
    {
        if (Ending is not null) return;

        if (Context.Options.RateOverflow == RateOverflow.Delay) Await(() => DelayAsync(milliseconds));
        else End(new Ending(EndingCause.RateExceeded, ReasonCode.MessageRateTooHigh, "the client sends more than the limits of this server allow"));
    }

    private async Task DelayAsync(long milliseconds)
    {
        var rate = Publisher.Rate!;
        rate.IsDelayed = true;
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), Context.TimeProvider, GetStepToken());
        }
        catch (OperationCanceledException)
        {
            // The connection is to end.
        }

        Volatile.Write(ref _lastReceivedAt, Context.Clock.Now);
        rate.IsDelayed = false;
    }

    /// <summary>The end of what failed: the peer's, or this connection's own, which must not reach the others.</summary>
    private void EndBy(Exception exception)
    {
        if (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The transport's way of saying that the peer is gone.
            End(new Ending(EndingCause.ConnectionLost, ReasonCode.UnspecifiedError, exception.Message));
            return;
        }

        if (exception is OutOfMemoryException)
        {
            Log.OutOfMemory(Context.Logger, Name);
            End(new Ending(EndingCause.ServerFault, ReasonCode.ServerBusy, "the server has no memory left"));
            return;
        }

        Log.ConnectionFailed(Context.Logger, exception, Name);
        End(new Ending(EndingCause.ServerFault, ReasonCode.UnspecifiedError, "an internal error ended this connection; the server's log tells more"));
    }

    /// <summary>Owned by the connection, as all that follows: it ends at the latest when the connection is closed.</summary>
    private async Task GoOnAfterAsync(Task wait)
    {
        try
        {
            await wait;
        }
        catch (Exception exception)
        {
            EndBy(exception);
        }

        // What it waited for was cut short, so that what follows must not be handled.
        if (_readsBeforeTakeOver > 0) End(TakenOver);

        OnReadable();
    }

    private async Task FinishAsync()
    {
        Context.Wheel.Stop(this);
        try
        {
            await Disconnector.EndAsync(this, _transport);
        }
        finally
        {
            Context.Connections.Remove(this);
            _ended.Set();
            _transport.End(Ending is { Cause: EndingCause.ClientDisconnected });
        }
    }

    private async Task WaitAsync()
    {
        if (HasStep) await TakeStepsAsync();

        // A client that does not read what it is sent is not read from either, so that its output stays bounded.
        var room = Writer.WhenRoomAsync();
        if (!room.IsCompleted && !IsToEnd) await room;

        // Nor is one whose messages wait for the disk in great number.
        if (Context.Commits is { } commits && commits.WhenRoomAsync() is { IsCompleted: false } storeRoom && !IsToEnd) await storeRoom;
    }

    /// <summary>A step begins only after the flush, for it may go on in another thread, and the batch belongs to one at a time.</summary>
    private async Task TakeStepsAsync()
    {
        while (Ending is null && _steps is { Pending: { } step })
        {
            _steps.Pending = null;
            await step();
            _isHeld = false;
            Flush();
        }

        _steps = null;
    }

    private SequencePosition HandlePackets(ReadOnlySequence<byte> buffer)
    {
        var reader = new PacketReader(buffer);
        var traces = Context.Traces.Running;
        try
        {
            while (Ending is null && !HasStep && reader.Left > 0)
            {
                if (Version == ProtocolVersion.None && reader.PeekFirstByte() != 0x10)
                {
                    // Not an MQTT client, or a broken one: it gets no answer. [MQTT-3.1.0-1]
                    End(new Ending(EndingCause.ProtocolFault, ReasonCode.ProtocolError, $"the first packet is not CONNECT but begins with 0x{reader.PeekFirstByte():X2}. [MQTT-3.1.0-1]"));
                    break;
                }

                var before = reader.ConsumedBytes;
                var status = reader.TryRead(out var header, out var body);
                if (status == DecodeStatus.Malformed)
                {
                    Fail(PacketType.Reserved, new DecodeError(ReasonCode.MalformedPacket, "1.5.5 Variable Byte Integer", 1, "Remaining Length", "has more than four bytes"));
                    break;
                }

                var sizeMax = Session is null ? Math.Min(ConnectSizeMax, Context.Options.PacketSizeMax) : Context.Options.PacketSizeMax;
                if (header.Size > 0 && header.PacketSize > sizeMax)
                {
                    PacketTooLarge(header, sizeMax);
                    break;
                }

                if (status == DecodeStatus.NeedMoreData) break;

                // A packet that was put back was seen before.
                if (traces is not null && _terms is not { HeldFor: not null }) BrokerTraces.Received(traces, this, header, body);

                PacketDispatch.Handle(this, header, body);
                if (_terms is { HeldFor: { } remote })
                {
                    if (_isHeld)
                    {
                        Context.Statistics.Add(Counter.BytesReceived, before);
                        _bytesReceived += before;
                        return buffer.GetPosition(before);
                    }

                    remote.Done();
                    Terms.HeldFor = null;
                }

                Context.Statistics.Add(Statistics.ReceivedCounterOf(header));
            }

            Context.Statistics.Add(Counter.BytesReceived, reader.ConsumedBytes);
            _bytesReceived += reader.ConsumedBytes;
            return reader.Consumed;
        }
        finally
        {
            reader.Dispose();
        }
    }

    private void PacketTooLarge(in FixedHeader header, int sizeMax)
    {
        var error = new DecodeError(ReasonCode.PacketTooLarge, "MQTT-3.2.2-15", 1, "Remaining Length", $"makes a packet of {header.PacketSize} bytes; at most {sizeMax} are accepted");
        if (Session is null && header.Type == PacketType.Connect)
        {
            Log.PacketRefused(Context.Logger, Name, Address, NameOf(header.Type), error);
            End(new Ending(EndingCause.Refused, error.Reason, error.ToString()));
            return;
        }

        Fail(header.Type, error);
    }

    private static Ending Unanswered { get; } =
        new(EndingCause.Unanswered, ReasonCode.QuotaExceeded, "messages of this client could not be stored and were not acknowledged; it is to send them again");
}
