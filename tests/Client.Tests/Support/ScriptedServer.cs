using System.IO.Pipelines;
using System.Threading.Channels;
using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Microsoft.Extensions.Time.Testing;

namespace Avocet.Client.Tests.Support;

/// <summary>A server that does what the test says, packet by packet, for a real client with a fake clock.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly Channel<MemoryTransport> _opened = Channel.CreateUnbounded<MemoryTransport>();
    private readonly ProtocolVersion _version;

    public ScriptedServer(Action<MqttClientOptions>? configure = null, ProtocolVersion version = ProtocolVersion.V50)
    {
        _version = version;
        var options = new MqttClientOptions
        {
            ClientId = "client",
            ProtocolVersion = version,
            TransportFactory = _ => new ValueTask<IDuplexPipe>(NewTransport()),
            TimeProvider = Clock,
            ReconnectDelay = TimeSpan.Zero,
            // The clock stands still while the client closes.
            ShutdownTimeout = TimeSpan.Zero,
            // Another test listens to traces of this process.
            PropagatesTraceContext = false,
        };
        configure?.Invoke(options);
        Client = new MqttClient(options);
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public MqttClient Client { get; }

    /// <summary>The CONNECT of the latest connection.</summary>
    public PacketView Connect { get; private set; } = null!;

    public MemoryTransport Transport { get; private set; } = null!;

    /// <summary>The next connection, whose CONNECT was read.</summary>
    public async Task<TestPeer> OpenAsync()
    {
        Transport = await _opened.Reader.ReadAsync().AsTask().WaitAsync(Wait.Deadline);
        var peer = new TestPeer(Transport.Server.Input, Transport.Server.Output, Task.CompletedTask, _version);
        Connect = await peer.ReadPacketAsync(PacketType.Connect);
        return peer;
    }

    /// <summary>Starts the client, and lets it in.</summary>
    public Task<TestPeer> StartAsync(Func<ConnackBuilder, ConnackBuilder>? connack = null)
    {
        Client.Start();
        return AcceptAsync(connack);
    }

    /// <summary>Lets the next connection in.</summary>
    public async Task<TestPeer> AcceptAsync(Func<ConnackBuilder, ConnackBuilder>? connack = null)
    {
        var peer = await OpenAsync();
        var answer = Given.Connack();
        await peer.SendAsync(connack?.Invoke(answer) ?? answer);
        return peer;
    }

    /// <summary>Cuts the connection, and lets the next one in.</summary>
    public async Task<TestPeer> ReconnectAsync(bool sessionPresent, Func<ConnackBuilder, ConnackBuilder>? connack = null)
    {
        await Transport.CutAsync();
        return await AcceptAsync(answer => (connack?.Invoke(answer) ?? answer).SessionPresent(sessionPresent));
    }

    public async ValueTask DisposeAsync()
    {
        if (Transport is not null) await Transport.CutAsync();
        await Client.DisposeAsync();
    }

    private IDuplexPipe NewTransport()
    {
        var transport = new MemoryTransport();
        _opened.Writer.TryWrite(transport);
        return transport.Client;
    }
}
