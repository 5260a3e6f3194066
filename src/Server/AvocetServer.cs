using Avocet.Broker;
using Avocet.Broker.Storage;
using Avocet.Management.Resources;
using Avocet.Security;
using Avocet.Server.Transports;
using Avocet.Server.Transports.Epoll;
using Avocet.Storage.RocksDb;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Avocet.Server;

/// <summary>
/// A broker with its listeners, and with the store of its data folder. A store that is given in <see cref="BrokerServices"/> is used instead, and stays the
/// giver's.
/// </summary>
public sealed class AvocetServer : IAsyncDisposable
{
    private const int ListenBacklog = 4096;

    private static readonly TimeSpan FileCheckPeriod = TimeSpan.FromSeconds(2);

    private readonly BrokerServices _services;
    private readonly bool _hasGivenAuthenticator;
    private readonly ILogger _logger;
    private readonly List<ListenerEndpoint> _endpoints = [];
    private readonly KestrelServer? _kestrel;
    private readonly EpollTransport? _epoll;
    private readonly RocksDbStore? _store;
    private readonly StoreThread? _storeThread;
    private readonly BrokerSecurity _security;
    private readonly ProcessMemory _memory;
    private readonly SemaphoreSlim? _handshakes;
    private ITimer? _fileCheck;
    private int _isStopped;

    private AvocetServer(ServerOptions options, BrokerServices services)
    {
        Options = options;
        _hasGivenAuthenticator = services.Authenticators.Count > 0 || services.EnhancedAuthenticators.Count > 0;
        _logger = services.LoggerFactory.CreateLogger("Avocet.Server");
        Log.Starting(_logger, StartPage.Version, Environment.ProcessId, Environment.Version);
        // What can be refused is refused before the broker begins to live.
        var listeners = options.Listeners.Where(listener => !listener.IsOff).ToList();
        if (listeners.Count == 0) throw new ServerStartException("all listeners are off, so nobody could connect. Give one a port.");

        _security = CreateSecurity(options, services);
        _services = services = _security.AddTo(services);
        List<ListenerPolicy> policies;
        List<ServerCertificates?> certificates;
        try
        {
            policies = listeners.ConvertAll(PolicyOf);
            certificates = listeners.ConvertAll(LoadCertificates);
        }
        catch
        {
            _security.Dispose();
            throw;
        }

        if (services.Store is null && options.DataFolder.Length > 0)
        {
            _store = OpenStore(options, services);
            _storeThread = new StoreThread(_logger);
            _services = services with { Store = _store, StoreScheduler = _storeThread };
        }

        _memory = new ProcessMemory(options.MemoryBytesMax);
        Broker = CreateBroker();
        if (options.TlsHandshakesMax > 0) _handshakes = new SemaphoreSlim(options.TlsHandshakesMax);
        _security.Attach(Broker);
        for (var i = 0; i < listeners.Count; i++)
        {
            _endpoints.Add(new ListenerEndpoint(listeners[i], policies[i], certificates[i], Broker, services.TimeProvider, _logger) { Handshakes = _handshakes });
        }

        var sockets = new ListenSockets(_endpoints);
        var plain = _endpoints.Where(endpoint => EpollTransport.Supports(endpoint.Options)).ToList();
        if (plain.Count > 0) _epoll = new EpollTransport(Broker, plain, sockets, _logger);
        if (plain.Count < _endpoints.Count) _kestrel = CreateKestrel(_endpoints.Except(plain), sockets);
    }

    public ServerOptions Options { get; }

    public MqttBroker Broker { get; }

    /// <summary>Where data is kept; null when that is in memory only.</summary>
    public string? StoreLocation => _services.Store?.Location;

    /// <summary>The listeners with their real ports, once started.</summary>
    public IReadOnlyList<BoundListener> Listeners =>
        [.. _endpoints.Select(endpoint => new BoundListener(endpoint.Options.Name, endpoint.Options.Transport, endpoint.BoundEndPoint))];

    /// <summary>What starts after the listeners, and before the server says that it is ready.</summary>
    internal Func<CancellationToken, Task>? BeforeReady { get; set; }

    /// <summary>Prepares a server: loads certificates, checks that each listener may let clients in, and opens the data folder.</summary>
    /// <exception cref="ServerStartException">The configuration cannot be served; the message says why and what to do.</exception>
    public static AvocetServer Create(ServerOptions options, BrokerServices services) => new(options, services);

    /// <exception cref="ServerStartException">A listener cannot be opened; the message says why and what to do.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            Broker.Start();
            await _security.StartAsync(_store is null ? "" : Options.DataFolder);
            if (_memory.IsLimited) _memory.Start();
            _epoll?.Start(ListenBacklog);
            if (_kestrel is not null) await _kestrel.StartAsync(new WebSocketEndpoint(Broker, _services.LoggerFactory, _logger), cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or StoreException or SecurityFileException)
        {
            throw new ServerStartException(exception.Message, exception);
        }

        var tls = _endpoints.Where(endpoint => endpoint.Certificates is not null).Select(endpoint => endpoint.Certificates!).ToArray();
        // Once at the start: the runtime loads what this needs when it first needs it, and connections may have taken all files by then.
        CheckFiles(tls);
        _fileCheck = _services.TimeProvider.CreateTimer(_ => CheckFiles(tls), null, FileCheckPeriod, FileCheckPeriod);

        if (BeforeReady is { } before) await before(cancellationToken);

        StartPage.Write(_logger, this, _endpoints);
    }

    /// <summary>
    /// Stops accepting, tells the clients, and waits for them to end. Whoever is left after the configured time, or when the token is cancelled,
    /// is cut.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isStopped, 1) != 0) return;

        if (_fileCheck is not null) await _fileCheck.DisposeAsync();

        // The broker gets most of the time, for its clients; what Kestrel then still holds is cut in the rest.
        var total = TimeSpan.FromSeconds(Options.ShutdownTimeoutSeconds);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        cut.CancelAfter(total * 0.9);
        _epoll?.StopListening();
        var stopListening = _kestrel is null ? Task.CompletedTask : _kestrel.StopAsync(cut.Token);
        try
        {
            await Broker.StopAsync(total * 0.8).WaitAsync(cut.Token);
            await stopListening.WaitAsync(total * 0.1, CancellationToken.None);
        }
        catch (Exception exception) when (exception is OperationCanceledException or TimeoutException)
        {
            Log.StopTimedOut(_logger, Options.ShutdownTimeoutSeconds);
        }

        // The last connection's end may have brought us here on the thread of a loop, which whoever goes on from here might block.
        await Task.Yield();
    }

    /// <summary>The listeners for the API.</summary>
    internal IReadOnlyList<ListenerDocument> DescribeListeners() =>
        [.. _endpoints.Select(endpoint => new ListenerDocument(endpoint.Options.Name, endpoint.Options.TransportName, StartPage.Address(endpoint), endpoint.Options.IsTls, endpoint.AllowsAnonymous)
        {
            Certificates = endpoint.Certificates?.Describe() ?? [],
        })];

    /// <summary>Reads passwords and access rules again, and takes the rules of other options. Bad ones are logged, and the old stay in use.</summary>
    public void ReloadSecurity(ServerOptions options) => _security.Reload(options.EffectiveSecurity);

    /// <summary>Whether the threads that serve sockets have come round since this was last asked: for a watchdog, until the stop.</summary>
    internal bool IsAlive() => _epoll?.HasComeRound() ?? true;

    /// <summary>Reads the certificates again, from other files where the options say so. Bad ones are logged, and the old stay in use.</summary>
    public void ReloadCertificates(ServerOptions options)
    {
        foreach (var endpoint in _endpoints)
        {
            var listener = options.Listeners.FirstOrDefault(candidate => candidate.Name == endpoint.Options.Name);
            if (listener is null || endpoint.Certificates is null) continue;

            var sources = SourcesOf(listener, options);
            if (sources.Count > 0) endpoint.Certificates.Reload(sources);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        _kestrel?.Dispose();
        if (_epoll is not null) await _epoll.DisposeAsync();
        // The broker's last commits are on their thread; then nobody uses the store any more.
        await Broker.DisposeAsync();
        _security.Dispose();
        _handshakes?.Dispose();
        _memory.Dispose();
        CloseStore();
    }

    private static BrokerSecurity CreateSecurity(ServerOptions options, BrokerServices services)
    {
        try
        {
            return new BrokerSecurity(options.EffectiveSecurity, services);
        }
        catch (SecurityFileException exception)
        {
            throw new ServerStartException(exception.Message, exception);
        }
    }

    private static RocksDbStore OpenStore(ServerOptions options, BrokerServices services)
    {
        try
        {
            return RocksDbStore.Open(options.DataFolder, services.LoggerFactory.CreateLogger("Avocet.Store"));
        }
        catch (StoreException exception)
        {
            throw new ServerStartException(exception.Message, exception);
        }
    }

    /// <summary>The broker reads the store before it lives.</summary>
    private MqttBroker CreateBroker()
    {
        try
        {
            return new MqttBroker(Options.Broker, _memory.IsLimited ? _services with { MemoryShareInUse = _memory.Read } : _services);
        }
        catch (Exception exception)
        {
            _security.Dispose();
            CloseStore();
            if (exception is StoreException) throw new ServerStartException(exception.Message, exception);
            throw;
        }
    }

    private void CloseStore()
    {
        _storeThread?.Dispose();
        _store?.Dispose();
    }

    private static IReadOnlyList<CertificateOptions> SourcesOf(ListenerOptions listener, ServerOptions options) =>
        listener.Certificates.Count > 0 ? listener.Certificates : options.Certificates;

    private ListenerPolicy PolicyOf(ListenerOptions listener)
    {
        var hasAuthenticator = _hasGivenAuthenticator || _security.HasAuthenticator(listener.Name);
        if (!listener.IsLocalOnly && !hasAuthenticator && listener.AllowAnonymous != true)
        {
            throw new ServerStartException(
                $"listener '{listener.Name}' not started: {listener.Address} can be reached from other machines and nobody would have to log in. "
                + "Either listen on this machine only (address = \"127.0.0.1\", or --bind 127.0.0.1), "
                + "or ask for passwords (login.users = true, or login.password_file, see 'avocet passwd'), "
                + "or let everyone in on purpose (allow_anonymous = true, or --allow-anonymous).");
        }

        var policy = new ListenerPolicy
        {
            Name = listener.Name,
            AllowAnonymous = listener.AllowAnonymous ?? !hasAuthenticator,
            MountPoint = listener.MountPoint,
            ConnectionsMax = listener.ConnectionsMax,
            ConnectRateMax = listener.ConnectRateMax,
            PublishRateMax = listener.PublishRateMax,
            ReceiveBytesRateMax = listener.ReceiveBytesRateMax,
        };
        if (!policy.AllowAnonymous && !hasAuthenticator) Log.NobodyMayConnect(_logger, listener.Name);
        return policy;
    }

    private ServerCertificates? LoadCertificates(ListenerOptions listener)
    {
        if (!listener.IsTls) return null;

        var sources = SourcesOf(listener, Options);
        if (sources.Count == 0) throw new ServerStartException($"listener '{listener.Name}' not started: it has no certificate.");

        try
        {
            return new ServerCertificates(listener, sources, _services.TimeProvider, _logger);
        }
        catch (ServerStartException exception)
        {
            throw new ServerStartException($"listener '{listener.Name}' not started: {exception.Message}", exception);
        }
    }

    /// <summary>For everything but plain sockets on Linux.</summary>
    private KestrelServer CreateKestrel(IEnumerable<ListenerEndpoint> endpoints, ListenSockets listenSockets)
    {
        var connectTimeout = TimeSpan.FromSeconds(Options.Broker.ConnectTimeoutSeconds);
        var server = new KestrelServerOptions { AddServerHeader = false };
        // These are for HTTP before the upgrade; MQTT has its own.
        server.Limits.KeepAliveTimeout = connectTimeout;
        server.Limits.RequestHeadersTimeout = connectTimeout;
        server.Limits.MaxRequestBodySize = 4096;
        foreach (var endpoint in endpoints) endpoint.AddTo(server);

        var sockets = new SocketTransportOptions
        {
            // A message goes from epoll through the broker to send on one thread, without a hop. See docs/decisions/0012-kestrel-inline.md.
            UnsafePreferInlineScheduling = true,
            NoDelay = true,
            Backlog = ListenBacklog,
            CreateBoundListenSocket = listenSockets.Bind,
        };
        return new KestrelServer(
            new OptionsWrapper<KestrelServerOptions>(server),
            new SocketTransportFactory(new OptionsWrapper<SocketTransportOptions>(sockets), _services.LoggerFactory),
            _services.LoggerFactory);
    }

    private void CheckFiles(ServerCertificates[] certificates)
    {
        try
        {
            foreach (var one in certificates) one.ReloadIfChanged();

            _security.ReloadIfChanged();
        }
#pragma warning disable CA1031 // An exception out of a timer would end the process; it is tried again with the next tick.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.FilesNotChecked(_logger, exception.Message);
        }
    }
}
