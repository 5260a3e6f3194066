using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Avocet.Client.Connections;
using Avocet.Client.Diagnostics;
using Avocet.Client.Publishing;
using Avocet.Client.Requests;
using Avocet.Client.Subscriptions;
using Avocet.Client.Transports;
using Avocet.Protocol;

namespace Avocet.Client;

/// <summary>A client of an MQTT broker that stays connected. All methods may be called by any thread at any time.</summary>
public sealed class MqttClient : IAsyncDisposable
{
    private readonly ClientCore _core;
    private readonly ConnectionLoop _loop;
    private readonly Requester _requester;
    private readonly CancellationTokenSource _handlers = new();
    private int _isStarted;
    private Task? _closing;

    /// <summary>A client that is not connected yet: see <see cref="ConnectAsync(CancellationToken)"/> and <see cref="Start()"/>.</summary>
    /// <param name="options">The settings.</param>
    /// <exception cref="ArgumentException">A setting cannot be.</exception>
    public MqttClient(MqttClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (options.Server is { } server && options.TransportFactory is null) Connector.Check(server);

        _core = new ClientCore(options);
        _loop = new ConnectionLoop(_core);
        _requester = new Requester(this);
    }

    /// <summary>The name of the <see cref="System.Diagnostics.ActivitySource"/> and the <see cref="System.Diagnostics.Metrics.Meter"/>.</summary>
    public static string TelemetryName => Telemetry.Name;

    /// <summary>Where the client stands.</summary>
    public ConnectionState State => _core.States.Current.State;

    /// <summary>The latest change of the connection, with the reason where something went wrong.</summary>
    public ConnectionChange LastChange => _core.States.Current;

    /// <summary>Tells the present state, then each change, in order. Observers must be quick.</summary>
    public IObservable<ConnectionChange> Changes => _core.States;

    /// <summary>What the broker said on the latest connection; null before the first.</summary>
    public ServerCapabilities? Server => _loop.Server;

    /// <summary>The client identifier in use.</summary>
    public string ClientId => _core.ClientId;

    /// <summary>What was done so far.</summary>
    public ClientStatistics Statistics => _core.Counters.Read(_core.Publisher.Outstanding);

    internal TimeProvider TimeProvider => _core.Options.TimeProvider;

    private Telemetry Telemetry => _core.Telemetry;

    /// <summary>Makes a client and connects it.</summary>
    /// <param name="server">Where the broker is; see <see cref="MqttClientOptions.Server"/>.</param>
    /// <param name="configure">Sets what else is to be set.</param>
    /// <param name="cancellationToken">Ends the wait, and the client.</param>
    /// <exception cref="MqttConnectException">The first attempt failed.</exception>
    public static async Task<MqttClient> ConnectAsync(string server, Action<MqttClientOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(server);
        if (!Uri.TryCreate(server, UriKind.Absolute, out var uri)) throw new ArgumentException($"'{server}' is no address of a broker. Use mqtt://host:1883.", nameof(server));

        var options = new MqttClientOptions { Server = uri };
        configure?.Invoke(options);
        var client = new MqttClient(options);
        try
        {
            await client.ConnectAsync(cancellationToken).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Connects, and stays connected from then on. When the first attempt fails, the client is closed.</summary>
    /// <param name="cancellationToken">Ends the wait, and the client.</param>
    /// <exception cref="MqttConnectException">The first attempt failed.</exception>
    public async Task<ServerCapabilities> ConnectAsync(CancellationToken cancellationToken = default)
    {
        Start(failsFast: true);
        try
        {
            return await _loop.First.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Connects in the background, and tries again until it succeeds.</summary>
    public void Start() => Start(failsFast: false);

    /// <summary>Publishes a text. At QoS 0 the task completes once the message is on its way, or in the outbox; else with the broker's acknowledgement.</summary>
    /// <param name="topic">The Topic Name.</param>
    /// <param name="text">The payload, sent as UTF-8.</param>
    /// <param name="qos">The Quality of Service.</param>
    /// <param name="retain">Whether the broker keeps it for later subscribers.</param>
    /// <param name="cancellationToken">Ends the wait; a message that was sent already goes on.</param>
    /// <exception cref="MqttPublishException">The message was refused.</exception>
    /// <exception cref="MqttException">The client is closed.</exception>
    public ValueTask<PublishResult> PublishAsync(string topic, string text, Qos qos = Qos.AtMostOnce, bool retain = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Telemetry.IsTracing
            ? PublishAsync(new MqttMessage(topic, text) { Qos = qos, Retain = retain }, cancellationToken)
            : _core.Publisher.PublishAsync(new PublishRequest(topic, qos, retain) { Text = text }, cancellationToken);
    }

    /// <summary>Publishes bytes. At QoS 0 the task completes once the message is on its way, or in the outbox; else with the broker's acknowledgement.</summary>
    /// <param name="topic">The Topic Name.</param>
    /// <param name="payload">The payload; it must not change until the task completes.</param>
    /// <param name="qos">The Quality of Service.</param>
    /// <param name="retain">Whether the broker keeps it for later subscribers.</param>
    /// <param name="cancellationToken">Ends the wait; a message that was sent already goes on.</param>
    /// <exception cref="MqttPublishException">The message was refused.</exception>
    /// <exception cref="MqttException">The client is closed.</exception>
    public ValueTask<PublishResult> PublishAsync(string topic, ReadOnlyMemory<byte> payload, Qos qos = Qos.AtMostOnce, bool retain = false, CancellationToken cancellationToken = default)
    {
        return Telemetry.IsTracing
            ? PublishAsync(new MqttMessage(topic, payload) { Qos = qos, Retain = retain }, cancellationToken)
            : _core.Publisher.PublishAsync(new PublishRequest(topic, qos, retain) { Payload = payload }, cancellationToken);
    }

    /// <summary>Publishes a value as JSON.</summary>
    /// <typeparam name="T">Its type, known to a <see cref="System.Text.Json.Serialization.JsonSerializerContext"/>.</typeparam>
    /// <param name="topic">The Topic Name.</param>
    /// <param name="value">What to publish.</param>
    /// <param name="type">The description of its type, such as <c>MyContext.Default.Reading</c>.</param>
    /// <param name="qos">The Quality of Service.</param>
    /// <param name="retain">Whether the broker keeps it for later subscribers.</param>
    /// <param name="cancellationToken">Ends the wait; a message that was sent already goes on.</param>
    /// <exception cref="MqttPublishException">The message was refused.</exception>
    /// <exception cref="MqttException">The client is closed.</exception>
    public ValueTask<PublishResult> PublishAsync<T>(string topic, T value, JsonTypeInfo<T> type, Qos qos = Qos.AtMostOnce, bool retain = false, CancellationToken cancellationToken = default)
    {
        return PublishAsync(topic, JsonSerializer.SerializeToUtf8Bytes(value, type), qos, retain, cancellationToken);
    }

    /// <summary>Publishes a message. At QoS 0 the task completes once the message is on its way, or in the outbox; else with the broker's acknowledgement.</summary>
    /// <param name="message">The message; its payload must not change until the task completes.</param>
    /// <param name="cancellationToken">Ends the wait; a message that was sent already goes on.</param>
    /// <exception cref="MqttPublishException">The message was refused.</exception>
    /// <exception cref="MqttException">The client is closed.</exception>
    public ValueTask<PublishResult> PublishAsync(MqttMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Telemetry.IsTracing ? PublishTracedAsync(message, cancellationToken) : _core.Publisher.PublishAsync(PublishRequest.Of(message), cancellationToken);
    }

    /// <summary>
    /// Puts a message into the outbox, and completes once it is there: on the disk, with <c>Outbox.OnDisk</c>. Whether the broker takes it shows in the log only.
    /// </summary>
    /// <param name="message">The message; its payload must not change any more.</param>
    /// <param name="cancellationToken">Ends the wait for room.</param>
    /// <exception cref="MqttException">The client is closed, or the outbox cannot be written.</exception>
    public async ValueTask EnqueueAsync(MqttMessage message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        using var activity = Telemetry.StartPublishing(message.Topic);
        var request = PublishRequest.Of(Telemetry.Inject(message)) with { CompletesWhenAccepted = true };
        await _core.Publisher.PublishAsync(request, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Subscribes for as long as the loop runs: <c>await foreach (var m in client.SubscribeAsync("home/#", cancellationToken))</c>.</summary>
    /// <param name="filter">The Topic Filter, or <c>$share/name/filter</c>.</param>
    /// <param name="cancellationToken">Ends the subscription, and the loop with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="MqttSubscribeException">The subscription was refused.</exception>
    public IAsyncEnumerable<MqttMessage> SubscribeAsync(string filter, CancellationToken cancellationToken = default) => SubscribeAsync(filter, new SubscribeOptions(), cancellationToken);

    /// <summary>Subscribes for as long as the loop runs.</summary>
    /// <param name="filter">The Topic Filter, or <c>$share/name/filter</c>.</param>
    /// <param name="options">How to subscribe.</param>
    /// <param name="cancellationToken">Ends the subscription, and the loop with <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="MqttSubscribeException">The subscription was refused.</exception>
    public async IAsyncEnumerable<MqttMessage> SubscribeAsync(string filter, SubscribeOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var subscription = await OpenSubscriptionAsync(filter, options, cancellationToken).ConfigureAwait(false);
        await using (subscription.ConfigureAwait(false))
        {
            await foreach (var message in subscription.ReadAllAsync(cancellationToken).ConfigureAwait(false)) yield return message;
        }
    }

    /// <summary>Subscribes with a handler, and completes once the broker has agreed.</summary>
    /// <param name="filter">The Topic Filter, or <c>$share/name/filter</c>.</param>
    /// <param name="handler">Called for each message. When it throws, that is logged, and the message counts as handled.</param>
    /// <param name="options">How to subscribe; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait, and the subscription when the broker has not agreed yet.</param>
    /// <exception cref="MqttSubscribeException">The subscription was refused.</exception>
    public async Task<Subscription> SubscribeAsync(
        string filter, Func<MqttMessage, CancellationToken, ValueTask> handler, SubscribeOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handler);
        var subscription = await OpenSubscriptionAsync(filter, options, cancellationToken).ConfigureAwait(false);
        var loop = new HandlerLoop(subscription, handler, Telemetry, _core.Logger);
        subscription.Handling = loop.RunAsync(_handlers.Token);
        return subscription;
    }

    /// <summary>Subscribes, and completes once the broker has agreed. Messages wait in the subscription's buffer until they are read.</summary>
    /// <param name="filter">The Topic Filter, or <c>$share/name/filter</c>.</param>
    /// <param name="options">How to subscribe; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait, and the subscription when the broker has not agreed yet.</param>
    /// <exception cref="MqttSubscribeException">The subscription was refused.</exception>
    public Task<Subscription> OpenSubscriptionAsync(string filter, SubscribeOptions? options = null, CancellationToken cancellationToken = default)
    {
        return _core.Registry.AddAsync(filter, options ?? new SubscribeOptions(), cancellationToken);
    }

    /// <summary>Ends all subscriptions to a filter, also one that an earlier run of the program left in the session.</summary>
    /// <param name="filter">The Topic Filter.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success, or that there was no such subscription.</returns>
    public Task<ReasonCode> UnsubscribeAsync(string filter, CancellationToken cancellationToken = default) => _core.Registry.RemoveAsync(filter, cancellationToken);

    /// <summary>Publishes a question and returns its answer, which comes to a topic of this client and is told from others by its Correlation Data. 5.0 only.</summary>
    /// <param name="request">The question; Response Topic and Correlation Data are set here.</param>
    /// <param name="timeout">How long to wait for the answer.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TimeoutException">No answer came.</exception>
    public Task<MqttMessage> RequestAsync(MqttMessage request, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _requester.RequestAsync(request, timeout, cancellationToken);
    }

    /// <summary>Answers the questions to a filter. What has no Response Topic is handled without an answer. 5.0 only.</summary>
    /// <param name="filter">The Topic Filter, or <c>$share/name/filter</c> to share the work.</param>
    /// <param name="respond">Makes the payload of the answer.</param>
    /// <param name="options">How to subscribe; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait for the subscription.</param>
    public Task<Subscription> RespondAsync(
        string filter, Func<MqttMessage, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> respond, SubscribeOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(respond);
        return SubscribeAsync(filter, (message, token) => Responder.RespondAsync(this, message, respond, token), options, cancellationToken);
    }

    /// <summary>Proves anew who the client is, with <see cref="MqttClientOptions.Authentication"/>, while the connection goes on. 5.0 only.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="MqttException">It failed, or there is no connection.</exception>
    public Task ReauthenticateAsync(CancellationToken cancellationToken = default)
    {
        return _loop.Reauthentication is { } reauthentication && State == ConnectionState.Connected
            ? reauthentication.BeginAsync().WaitAsync(_core.Options.ConnectTimeout, _core.Options.TimeProvider, cancellationToken)
            : throw new MqttException("There is no connection to authenticate anew.");
    }

    /// <summary>
    /// Closes the client: waits, for at most <see cref="MqttClientOptions.ShutdownTimeout"/>, until what is outstanding is acknowledged, says goodbye, and ends all
    /// subscriptions without unsubscribing.
    /// </summary>
    /// <param name="reason">Success, or <see cref="ReasonCode.DisconnectWithWillMessage"/> to have the will published. 5.0 only.</param>
    public Task DisconnectAsync(ReasonCode reason = ReasonCode.Success)
    {
        lock (_core.Gate) return _closing ??= CloseAsync(reason);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await DisconnectAsync().ConfigureAwait(false);

    private void Start(bool failsFast)
    {
        if (Interlocked.Exchange(ref _isStarted, 1) != 0) throw new InvalidOperationException("The client was started already.");

        _loop.Start(failsFast);
    }

    private async ValueTask<PublishResult> PublishTracedAsync(MqttMessage message, CancellationToken cancellationToken)
    {
        using var activity = Telemetry.StartPublishing(message.Topic);
        try
        {
            return await _core.Publisher.PublishAsync(PublishRequest.Of(Telemetry.Inject(message)), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            activity?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, exception.Message);
            throw;
        }
    }

    private async Task CloseAsync(ReasonCode reason)
    {
        // Not under the gate of the caller.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await _handlers.CancelAsync().ConfigureAwait(false);
        lock (_core.Gate) _core.Publisher.Close(new MqttException("The client is closed."));
        if (State == ConnectionState.Connected)
        {
            try
            {
                await _core.Publisher.WhenIdleAsync().WaitAsync(_core.Options.ShutdownTimeout, _core.Options.TimeProvider).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                Log.NotDrained(_core.Logger, _core.Publisher.Outstanding, _core.Options.ShutdownTimeout.TotalSeconds);
            }
        }

        await _loop.StopAsync(reason).ConfigureAwait(false);
        if (Volatile.Read(ref _isStarted) == 0) _core.End(new MqttException("The client is closed."), isFailure: false);
        _handlers.Dispose();
        _requester.Dispose();
        _loop.Dispose();
    }
}
