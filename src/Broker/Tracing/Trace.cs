using System.Net;
using System.Text;
using Avocet.Broker.Connections;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Topics;

namespace Avocet.Broker.Tracing;

/// <summary>Follows the packets of a client, an address, or a topic, for some minutes. Bounded: of more entries the oldest go, and of more in a second the later ones are counted only.</summary>
public sealed class Trace
{
    /// <summary>Entries that are kept.</summary>
    public const int EntriesMax = 10_000;

    private const int EntriesPerSecondMax = 1000;
    private const long CharactersMax = 8 * 1024 * 1024;

    private readonly TimeProvider _timeProvider;
    private readonly byte[] _filter;
    private readonly IPAddress? _address;
    private readonly Lock _gate = new();
    private readonly Queue<TraceEntry> _entries = [];
    private TaskCompletionSource? _added;
    private long _characters;
    private long _last;
    private long _skipped;
    private long _second;
    private int _inSecond;
    private volatile bool _isOver;

    internal Trace(TraceKind kind, string value, TimeSpan time, bool withPayloads, TimeProvider timeProvider)
    {
        (Kind, Value, WithPayloads, _timeProvider) = (kind, value, withPayloads, timeProvider);
        StartedAt = timeProvider.GetUtcNow();
        EndsAt = StartedAt + time;
        Id = Guid.CreateVersion7(StartedAt).ToString("N");
        _filter = kind == TraceKind.Topic ? Encoding.UTF8.GetBytes(value) : [];
        if (kind == TraceKind.Address) _address = IPAddress.Parse(value);
    }

    public string Id { get; }

    public TraceKind Kind { get; }

    /// <summary>The client identifier, Topic Filter or IP address.</summary>
    public string Value { get; }

    public bool WithPayloads { get; }

    public DateTimeOffset StartedAt { get; }

    public DateTimeOffset EndsAt { get; }

    /// <summary>Whether it still follows.</summary>
    public bool IsRunning => !_isOver && _timeProvider.GetUtcNow() < EndsAt;

    /// <summary>The number of the latest entry; 0 before the first.</summary>
    public long Last
    {
        get
        {
            lock (_gate) return _last;
        }
    }

    /// <summary>Packets that were left out because too many came in a second.</summary>
    public long Skipped
    {
        get
        {
            lock (_gate) return _skipped;
        }
    }

    /// <summary>The entries behind a number, the oldest first.</summary>
    public IReadOnlyList<TraceEntry> Read(long after = 0, int max = int.MaxValue)
    {
        lock (_gate) return [.. _entries.Where(entry => entry.Number > after).Take(max)];
    }

    /// <summary>Completes once there is an entry behind a number, or the trace is over.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public Task WhenAfterAsync(long number, CancellationToken cancellationToken)
    {
        Task added;
        lock (_gate)
        {
            if (_last > number || !IsRunning) return Task.CompletedTask;

            added = (_added ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        return added.WaitAsync(cancellationToken);
    }

    internal void End()
    {
        _isOver = true;
        Wake();
    }

    /// <summary>Sees a packet, where it is one of those that are followed.</summary>
    internal void See(Connection connection, in FixedHeader header, ReadOnlySpan<byte> body, ReadOnlySpan<byte> aliasedTopic, bool isOut)
    {
        if (!IsRunning || !IsMeant(connection, header, body, aliasedTopic, isOut) || !HasRoom()) return;

        var description = PacketDescription.Of(header, body, connection.Version, aliasedTopic.IsEmpty ? null : Encoding.UTF8.GetString(aliasedTopic), WithPayloads);
        var clientId = connection.ClientId.Length > 0 ? connection.ClientId : description.Fields.GetValueOrDefault("client_id", "");
        var packet = Connection.NameOf(header.Type);
        Add(number => new TraceEntry
        {
            Number = number,
            At = _timeProvider.GetUtcNow(),
            ClientId = clientId,
            Address = connection.Address,
            IsOut = isOut,
            Packet = packet,
            Summary = description.Summary,
            Detail = description.Fields,
        });
    }

    private bool IsMeant(Connection connection, in FixedHeader header, ReadOnlySpan<byte> body, ReadOnlySpan<byte> aliasedTopic, bool isOut)
    {
        switch (Kind)
        {
            case TraceKind.Client:
                if (connection.Identity is { } identity) return identity.ClientId == Value;

                return header.Type == PacketType.Connect && !isOut && ConnectPacket.TryDecode(header, body, out var connect, out _) && Encoding.UTF8.GetString(connect.ClientId) == Value;

            case TraceKind.Address:
                return connection.Origin.RemoteEndPoint is { } peer && (peer.Address.IsIPv4MappedToIPv6 ? peer.Address.MapToIPv4() : peer.Address).Equals(_address);

            default:
                if (header.Type != PacketType.Publish || !PublishPacket.TryDecode(header, body, connection.Version, out var publish, out _)) return false;

                var topicName = publish.TopicName.IsEmpty ? aliasedTopic : publish.TopicName;
                return !topicName.IsEmpty && Matches(connection, topicName);
        }
    }

    /// <summary>Filters are about topics as the broker knows them, mount point included.</summary>
    private bool Matches(Connection connection, ReadOnlySpan<byte> topicName)
    {
        var mountPoint = connection.Origin.Listener.MountPoint;
        return TopicFilter.Matches(_filter, mountPoint.Length == 0 ? topicName : [.. Encoding.UTF8.GetBytes(mountPoint), .. topicName]);
    }

    private bool HasRoom()
    {
        var second = _timeProvider.GetUtcNow().ToUnixTimeSeconds();
        lock (_gate)
        {
            if (second != _second) (_second, _inSecond) = (second, 0);
            if (++_inSecond <= EntriesPerSecondMax) return true;

            _skipped++;
            return false;
        }
    }

    private void Add(Func<long, TraceEntry> make)
    {
        lock (_gate)
        {
            var entry = make(++_last);
            _entries.Enqueue(entry);
            _characters += SizeOf(entry);
            while (_entries.Count > EntriesMax || (_characters > CharactersMax && _entries.Count > 1)) _characters -= SizeOf(_entries.Dequeue());
        }

        Wake();
    }

    private void Wake()
    {
        TaskCompletionSource? added;
        lock (_gate) (added, _added) = (_added, null);

        added?.TrySetResult();
    }

    private static int SizeOf(TraceEntry entry) => entry.Summary.Length + entry.ClientId.Length + entry.Detail.Sum(field => field.Key.Length + field.Value.Length);
}
