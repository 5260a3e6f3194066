using System.IO.Pipelines;
using System.Net;
using Avocet.Broker;
using Avocet.Protocol;
using Avocet.Protocol.Properties;
using Avocet.TestKit.Packets;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Avocet.TestKit;

/// <summary>
/// The real broker over in-memory pipes with inline schedulers and a fake clock, so that a test runs in one thread and needs no waiting. When it is
/// disposed, every connection must end, and nothing may have been logged as an error.
/// </summary>
public sealed class TestBroker : IAsyncDisposable
{
    private const int SocketBufferSize = 64 * 1024;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ClockStep = TimeSpan.FromMilliseconds(250);

    private readonly List<TestPeer> _peers = [];

    /// <param name="options">The settings; without them the defaults, but no <c>$SYS</c> publications.</param>
    /// <param name="services">Authenticators, authorizers, store; clock and log are the test's own.</param>
    /// <param name="clock">The clock of an earlier broker whose store this one goes on with.</param>
    public TestBroker(BrokerOptions? options = null, BrokerServices? services = null, FakeTimeProvider? clock = null)
    {
        Clock = clock ?? new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Broker = new MqttBroker(
            options ?? new BrokerOptions { SysIntervalSeconds = 0 },
            (services ?? new BrokerServices()) with { TimeProvider = Clock, LoggerFactory = Log });
        Broker.Start();
    }

    /// <summary>The listener through which clients come unless the test names another.</summary>
    public static ListenerPolicy OpenListener { get; } = new() { Name = "test", AllowAnonymous = true };

    public MqttBroker Broker { get; }

    public FakeTimeProvider Clock { get; }

    public CapturedLog Log { get; } = new();

    /// <summary>Set by a test which provokes an error in the log.</summary>
    public bool AllowsErrors { get; init; }

    /// <summary>Connects, expects a CONNACK that lets the client in, and makes its subscriptions.</summary>
    public async Task<TestPeer> ConnectAsync(ClientBuilder client, ListenerPolicy? listener = null)
    {
        var peer = Accept(client.ProtocolVersion, listener);
        await HandshakeAsync(peer, client);
        return peer;
    }

    /// <summary>A connection without CONNECT.</summary>
    public Task<TestPeer> OpenAsync(ProtocolVersion version = ProtocolVersion.V50, ListenerPolicy? listener = null) => Task.FromResult(Accept(version, listener));

    /// <summary>Sends a CONNECT whose answer is for the test to read.</summary>
    public async Task<TestPeer> OpenAsync(ClientBuilder client, ListenerPolicy? listener = null)
    {
        var peer = Accept(client.ProtocolVersion, listener);
        peer.PacketSizeMax = PacketSizeMaxOf(client);
        await peer.SendAsync(client.Encode());
        return peer;
    }

    /// <summary>Moves the clock in steps small enough for every tick of the broker's timers to be seen at its time.</summary>
    public Task AdvanceAsync(TimeSpan time)
    {
        for (var left = time; left > TimeSpan.Zero; left -= ClockStep) Clock.Advance(left < ClockStep ? left : ClockStep);
        return Task.CompletedTask;
    }

    public Task AdvanceAsync(double seconds) => AdvanceAsync(TimeSpan.FromSeconds(seconds));

    public async ValueTask DisposeAsync()
    {
        // A peer that failed has said what is wrong; what follows from it would only hide that.
        if (_peers.Any(peer => peer.HasFailed)) return;

        foreach (var peer in _peers) await peer.CloseAsync();
        await Broker.StopAsync(TimeSpan.Zero).WaitAsync(Deadline);
        await Broker.DisposeAsync();
        if (AllowsErrors) return;

        var errors = Log.Errors.Select(entry => $"{entry.Level}: {entry.Message} {entry.Exception}").ToList();
        if (errors.Count > 0) Assert.Fail($"The broker logged errors:\n{string.Join('\n', errors)}");
    }

    private static async Task HandshakeAsync(TestPeer peer, ClientBuilder client)
    {
        peer.PacketSizeMax = PacketSizeMaxOf(client);
        await peer.SendAsync(client.Encode());
        peer.Connack = await peer.ReadPacketAsync(PacketType.Connack);
        if (peer.Connack.Reason != ReasonCode.Success) Assert.Fail($"The client was refused:\n{peer.Connack}");

        ushort packetId = 60_000;
        foreach (var (filter, qos) in client.Subscriptions)
        {
            await peer.SendAsync(Given.Subscribe(++packetId).Filter(filter, qos));
            await peer.ExpectAsync(Given.Suback(packetId, (ReasonCode)qos));
        }
    }

    private static uint PacketSizeMaxOf(ClientBuilder client)
    {
        var connect = PacketView.Of(client.Encode(), client.ProtocolVersion);
        return connect.Integer(PropertyId.MaximumPacketSize) ?? uint.MaxValue;
    }

    private TestPeer Accept(ProtocolVersion version, ListenerPolicy? listener)
    {
        var toBroker = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: 0, useSynchronizationContext: false));
        var toPeer = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: SocketBufferSize, resumeWriterThreshold: SocketBufferSize / 2, useSynchronizationContext: false));
        var origin = new ConnectionOrigin { Listener = listener ?? OpenListener, RemoteEndPoint = new IPEndPoint(IPAddress.Loopback, 50_000 + _peers.Count) };
        var connection = RunAsync(new Transport(toBroker.Reader, toPeer.Writer), origin);
        var peer = new TestPeer(toPeer.Reader, toBroker.Writer, connection, version);
        _peers.Add(peer);
        return peer;
    }

    // What a listener does: it hands the transport over, and closes it when the broker is done.
    private async Task RunAsync(Transport transport, ConnectionOrigin origin)
    {
        await Broker.RunConnectionAsync(transport, origin);
        await transport.Output.CompleteAsync();
        await transport.Input.CompleteAsync();
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
