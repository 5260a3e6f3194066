using Avocet.Cli.Net;
using Avocet.Protocol;

namespace Avocet.Cli.Conformance;

/// <summary>What one check works with: names of its own, clients, time limits. What it leaves with the broker is cleared afterwards.</summary>
internal sealed class CheckContext(ConformanceOptions options, ProtocolVersion version, BrokerFeatures features, string id, CancellationToken cancellationToken) : IAsyncDisposable
{
    private readonly List<RawPeer> _peers = [];
    private readonly List<string> _retained = [];
    private readonly List<string> _sessions = [];

    /// <summary>In all topics and client identifiers of the check: letters and digits.</summary>
    public string Id { get; } = id;

    public ProtocolVersion Version { get; } = version;

    public bool IsV50 => Version == ProtocolVersion.V50;

    public BrokerFeatures Features { get; } = features;

    public CancellationToken CancellationToken { get; } = cancellationToken;

    public TimeSpan TimeLimit => options.TimeLimit;

    /// <summary>How long something that must not come is waited for, after the broker has answered a PINGREQ.</summary>
    public TimeSpan Settle => options.Settle;

    public string Topic(string name) => $"avocet/check/{Id}/{name}";

    /// <summary>A topic that is cleared afterwards.</summary>
    public string RetainedTopic(string name)
    {
        _retained.Add(Topic(name));
        return Topic(name);
    }

    public string ClientId(string name) => Id + name;

    /// <summary>A connection without any packet.</summary>
    public async Task<RawPeer> OpenAsync(string name = "client", int patience = 1)
    {
        using var limit = Limit();
        try
        {
            var stream = await BrokerStream.OpenAsync(options.Url, options.Trust, limit.Token);
            var peer = new RawPeer(stream, this, name) { ClientId = ClientId(name), Patience = patience };
            _peers.Add(peer);
            return peer;
        }
        catch (OperationCanceledException) when (!CancellationToken.IsCancellationRequested)
        {
            throw new CheckFailedException($"the broker takes no connection within {TimeLimit.TotalSeconds:0.#} s");
        }
    }

    /// <summary>A connection after CONNECT; CONNACK has not been read.</summary>
    public async Task<RawPeer> SendConnectAsync(string name = "client", RawConnect? connect = null, string? clientId = null, int patience = 1)
    {
        connect ??= new RawConnect();
        var peer = await OpenAsync(name, patience);
        if (connect is { IsClean: false } or { SessionExpirySeconds: > 0 }) _sessions.Add(clientId ?? peer.ClientId);
        await peer.SendAsync(connect.Encode(Version, clientId ?? peer.ClientId, options.UserName, options.Password));
        return peer;
    }

    /// <summary>A client that the broker took.</summary>
    public async Task<RawPeer> ConnectAsync(string name = "client", RawConnect? connect = null, string? clientId = null, int patience = 1)
    {
        var peer = await SendConnectAsync(name, connect, clientId, patience);
        var connack = await peer.ExpectAsync(PacketType.Connack);
        Check.That(connack.Connack.Code == 0, $"CONNECT was refused with 0x{connack.Connack.Code:X2}");
        peer.Connack = connack;
        return peer;
    }

    /// <summary>A client with a session that outlives its connection.</summary>
    public Task<RawPeer> ConnectPersistentAsync(string name, bool isClean = false) =>
        ConnectAsync(name, new RawConnect { IsClean = isClean, SessionExpirySeconds = 600 });

    public byte[] Encode(RawConnect connect, string clientId) => connect.Encode(Version, clientId, options.UserName, options.Password);

    public CancellationTokenSource Limit(int patience = 1)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        limit.CancelAfter(patience * TimeLimit);
        return limit;
    }

    /// <summary>A subscriber and a publisher, the usual pair.</summary>
    public async Task<(RawPeer Subscriber, RawPeer Publisher)> PairAsync(string topic, int qos = 0)
    {
        var subscriber = await ConnectAsync("sub");
        await subscriber.SubscribeAsync(topic, qos);
        return (subscriber, await ConnectAsync("pub"));
    }

    /// <summary>Takes sessions and retained messages away again, as far as the broker lets it.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var peer in _peers) await peer.DisposeAsync();
        _peers.Clear();
        try
        {
            foreach (var session in _sessions.Distinct().ToList()) await (await ConnectAsync("sweep", clientId: session)).DisconnectAsync();
            if (_retained.Count > 0)
            {
                var sweeper = await ConnectAsync("sweep");
                foreach (var topic in _retained) await sweeper.PublishAsync(topic, "", retain: true);
                await sweeper.DisconnectAsync();
            }
        }
        catch (Exception exception) when (exception is CheckFailedException or CommandException or OperationCanceledException)
        {
            // The check has its result; a broker that does not let itself be cleared is none of it.
            _retained.Clear();
        }

        foreach (var peer in _peers) await peer.DisposeAsync();
    }
}
