using System.Net;
using System.Text;
using Avocet.Broker.Connections;
using Avocet.Broker.Time;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;
using Avocet.Protocol.Topics;

namespace Avocet.Broker.Tracing;

/// <summary>The traces of a broker. While none runs, a batch of packets costs one look at a field, and so does a packet that is sent.</summary>
public sealed class BrokerTraces
{
    /// <summary>Traces at a time, those that are over and not yet removed included.</summary>
    public const int TracesMax = 4;

    private readonly BrokerContext _context;
    private readonly Lock _gate = new();
    private readonly Deadline _deadline;
    private readonly List<Trace> _traces = [];
    private volatile Trace[]? _running;

    /// <summary>Traces that run in this process, so that a packet that is sent costs one look at a place that is always at hand.</summary>
    private static int _anywhere;

    internal BrokerTraces(BrokerContext context)
    {
        _context = context;
        _deadline = new Deadline(this);
    }

    /// <summary>Whether a trace runs in this process, of this broker or another.</summary>
    internal static bool IsAnyRunning => Volatile.Read(ref _anywhere) != 0;

    /// <summary>Those that follow packets now; null for none.</summary>
    internal Trace[]? Running => _running;

    /// <summary>Why there can be no trace of something; null where there can.</summary>
    public static string? FindProblem(TraceKind kind, string value) => kind switch
    {
        TraceKind.Topic when !TopicFilter.IsValid(Encoding.UTF8.GetBytes(value)) => $"'{value}' is not a valid Topic Filter",
        TraceKind.Address when !IPAddress.TryParse(value, out _) => $"'{value}' is no IP address",
        TraceKind.Client when value.Length == 0 => "the client identifier is empty",
        _ => null,
    };

    /// <summary>Begins a trace; one that is over makes room for it. Null when <see cref="TracesMax"/> are running.</summary>
    /// <param name="kind">What it follows.</param>
    /// <param name="value">The client identifier, Topic Filter or IP address; see <see cref="FindProblem"/>.</param>
    /// <param name="time">For how long.</param>
    /// <param name="withPayloads">Whether payloads are shown.</param>
    public Trace? Start(TraceKind kind, string value, TimeSpan time, bool withPayloads)
    {
        var trace = new Trace(kind, value, time, withPayloads, _context.TimeProvider);
        lock (_gate)
        {
            if (_traces.Count >= TracesMax && (_traces.Find(one => !one.IsRunning) is not { } over || !_traces.Remove(over))) return null;

            _traces.Add(trace);
            Update();
        }

        return trace;
    }

    public IReadOnlyList<Trace> List()
    {
        lock (_gate) return [.. _traces];
    }

    public Trace? Find(string id)
    {
        lock (_gate) return _traces.Find(trace => trace.Id == id);
    }

    /// <summary>Ends a trace and forgets it; false when there is none of this name.</summary>
    public bool Remove(string id)
    {
        Trace? trace;
        lock (_gate)
        {
            trace = _traces.Find(one => one.Id == id);
            if (trace is null) return false;

            _traces.Remove(trace);
            Update();
        }

        trace.End();
        return true;
    }

    /// <summary>Ends all: the broker is gone.</summary>
    internal void Stop()
    {
        List<Trace> left;
        lock (_gate)
        {
            left = [.. _traces];
            _traces.Clear();
            Update();
        }

        foreach (var trace in left) trace.End();
    }

    /// <summary>Shows a packet that came.</summary>
    internal static void Received(Trace[] traces, Connection connection, in FixedHeader header, ReadOnlySpan<byte> body)
    {
        var topicName = header.Type == PacketType.Publish ? FindAliasedTopic(connection, header, body) : default;
        foreach (var trace in traces) trace.See(connection, header, body, topicName, isOut: false);
    }

    /// <summary>Shows a packet that is sent. Called under the writer's lock.</summary>
    /// <param name="connection">To whom.</param>
    /// <param name="packet">The packet.</param>
    /// <param name="topicName">The topic of a PUBLISH, which may have an alias in its place.</param>
    internal static void Sent(Connection connection, ReadOnlySpan<byte> packet, ReadOnlySpan<byte> topicName)
    {
        if (connection.Context.Traces.Running is not { } traces || FixedHeader.TryRead(packet, out var header) != DecodeStatus.Done) return;

        foreach (var trace in traces) trace.See(connection, header, packet[header.Size..], topicName, isOut: true);
    }

    private static ReadOnlySpan<byte> FindAliasedTopic(Connection connection, in FixedHeader header, ReadOnlySpan<byte> body)
    {
        if (connection.Version != ProtocolVersion.V50 || !PublishPacket.TryDecode(header, body, connection.Version, out var packet, out _) || !packet.TopicName.IsEmpty) return default;
        if (!packet.Properties.TryGetInteger(PropertyId.TopicAlias, out var alias) || connection.Publisher.Aliases is not { } aliases) return default;

        return aliases.TryGet((int)alias, out var topicName) ? topicName : default;
    }

    /// <summary>Ends those whose time is over.</summary>
    private void OnDeadline()
    {
        List<Trace> over;
        lock (_gate)
        {
            over = [.. _traces.Where(trace => !trace.IsRunning)];
            Update();
        }

        foreach (var trace in over) trace.End();
    }

    private void Update()
    {
        var running = _traces.Where(trace => trace.IsRunning).ToArray();
        Interlocked.Add(ref _anywhere, running.Length - (_running?.Length ?? 0));
        _running = running.Length == 0 ? null : running;
        if (running.Length == 0) return;

        var left = running.Min(trace => trace.EndsAt) - _context.TimeProvider.GetUtcNow();
        _context.Wheel.Set(_deadline, _context.Clock.Now + (long)Math.Ceiling(left.TotalMilliseconds));
    }

    private sealed class Deadline(BrokerTraces traces) : WheelTimer
    {
        public override void OnExpired() => traces.OnDeadline();
    }
}
