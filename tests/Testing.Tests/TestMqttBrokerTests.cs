using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using Avocet.Broker;
using Xunit;

namespace Avocet.Testing.Tests;

public sealed class TestMqttBrokerTests
{
    [Fact]
    public async Task Client_in_memory_is_served()
    {
        await using var broker = new TestMqttBroker();
        var client = await RawClient.OpenAsync(broker);

        await client.SendAsync(RawClient.Connect("c"));
        Assert.Equal(RawClient.Connack, await client.ReadAsync(4));
        await client.SendAsync(RawClient.Pingreq);

        Assert.Equal(RawClient.Pingresp, await client.ReadAsync(2));
        Assert.Equal(1, broker.ConnectionCount);
    }

    [Fact]
    public async Task Client_over_a_socket_is_served_and_cut()
    {
        await using var broker = new TestMqttBroker();
        using var socket = new TcpClient();
        await socket.ConnectAsync(broker.Listen());
        var stream = socket.GetStream();
        var client = new RawClient(new Pipes(PipeReader.Create(stream), PipeWriter.Create(stream)));

        await client.SendAsync(RawClient.Connect("c"));
        Assert.Equal(RawClient.Connack, await client.ReadAsync(4));
        await broker.CutAllAsync();

        Assert.Equal("", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Client_that_goes_is_no_connection_any_more()
    {
        await using var broker = new TestMqttBroker();
        var client = await RawClient.OpenAsync(broker);
        await client.SendAsync(RawClient.Connect("c"));
        Assert.Equal(RawClient.Connack, await client.ReadAsync(4));

        await client.SendAsync("E000");

        Assert.Equal("", await client.ReadToEndAsync());
        await client.CloseAsync();
    }

    [Fact]
    public async Task Connection_is_cut_after_so_many_packets_of_the_client()
    {
        await using var broker = new TestMqttBroker();
        broker.Arrange(new ConnectionFaults { ToBroker = new DirectionFaults { CutAfterPackets = 3 } });
        var client = await RawClient.OpenAsync(broker);

        // Packets are found whatever pieces they come in.
        await client.SendByteByByteAsync(RawClient.Connect("c"));
        Assert.Equal(RawClient.Connack, await client.ReadAsync(4));
        await client.SendAsync(RawClient.Pingreq);
        Assert.Equal(RawClient.Pingresp, await client.ReadAsync(2));
        await client.SendAsync(RawClient.Pingreq + RawClient.Pingreq);

        // The answer to the last that went through may be on its way when the connection ends.
        Assert.Contains(await client.ReadToEndAsync(), new[] { "", RawClient.Pingresp });
    }

    [Fact]
    public async Task Connection_is_cut_after_so_many_packets_of_the_broker()
    {
        await using var broker = new TestMqttBroker();
        broker.Arrange(new ConnectionFaults { ToClient = new DirectionFaults { CutAfterPackets = 1 } });
        var client = await RawClient.OpenAsync(broker);

        await client.SendAsync(RawClient.Connect("c") + RawClient.Pingreq);

        Assert.Equal(RawClient.Connack, await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Connection_that_drops_packets_looks_alive_until_somebody_counts_the_time()
    {
        await using var broker = new TestMqttBroker();
        broker.Arrange(new ConnectionFaults { ToBroker = new DirectionFaults { DropAfterPackets = 1 } });
        var client = await RawClient.OpenAsync(broker);
        await client.SendAsync(RawClient.Connect("c"));
        Assert.Equal(RawClient.Connack, await client.ReadAsync(4));

        await client.SendAsync(RawClient.Pingreq);
        Assert.Equal(1, broker.ConnectionCount);
        // One and a half times the keep alive of 10 s.
        broker.Advance(TimeSpan.FromSeconds(16));

        Assert.Equal("", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Delayed_packets_arrive_when_the_clock_of_the_test_says_so()
    {
        // No other time-out may come into it.
        await using var broker = new TestMqttBroker(new BrokerOptions { SysIntervalSeconds = 0, ConnectTimeoutSeconds = 100_000 });
        broker.Arrange(new ConnectionFaults { ToClient = new DirectionFaults { Delay = TimeSpan.FromSeconds(2) } });
        var client = await RawClient.OpenAsync(broker);
        var begin = broker.Clock.GetTimestamp();

        await client.SendAsync(RawClient.Connect("c", keepAliveSeconds: 0));
        var reading = client.ReadAsync(4);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!reading.IsCompleted)
        {
            // The broker may need several rounds until it has sent.
            broker.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Delay(1, deadline.Token);
        }

        Assert.Equal(RawClient.Connack, await reading);
        Assert.True(broker.Clock.GetElapsedTime(begin) >= TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Connections_are_refused_as_arranged_and_while_the_broker_is_down()
    {
        await using var broker = new TestMqttBroker();
        broker.Arrange(new ConnectionFaults { IsRefused = true });

        await Assert.ThrowsAsync<IOException>(() => broker.OpenAsync().AsTask());
        await broker.OpenAsync();

        broker.IsDown = true;
        await Assert.ThrowsAsync<IOException>(() => broker.OpenAsync().AsTask());
        broker.IsDown = false;
        await broker.OpenAsync();
    }

    [Fact]
    public async Task Broker_that_is_restarted_has_forgotten_its_sessions()
    {
        await using var broker = new TestMqttBroker();
        Assert.Equal(RawClient.Connack, await ConnectAgainAsync(broker));
        Assert.Equal(RawClient.ConnackWithSession, await ConnectAgainAsync(broker));

        await broker.RestartAsync();

        Assert.Equal(RawClient.Connack, await ConnectAgainAsync(broker));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(100_000)]
    public async Task Packets_of_all_sizes_pass_whole(int size)
    {
        await using var broker = new TestMqttBroker();
        var client = await RawClient.OpenAsync(broker);
        await client.SendAsync(RawClient.Connect("c"));
        Assert.Equal(RawClient.Connack, await client.ReadAsync(4));
        await client.SendAsync("820600010001" + "61" + "00");
        Assert.Equal("9003000100", await client.ReadAsync(5));
        var length = "";
        for (var left = size + 3; ; left >>= 7)
        {
            length += (left < 128 ? left : (left & 127) | 128).ToString("X2", CultureInfo.InvariantCulture);
            if (left < 128) break;
        }

        var publish = $"30{length}000161{new string('5', size * 2)}";
        await client.SendAsync(publish);

        Assert.Equal(publish, await client.ReadAsync(publish.Length / 2));
    }

    private static async Task<string> ConnectAgainAsync(TestMqttBroker broker)
    {
        var client = await RawClient.OpenAsync(broker);
        await client.SendAsync(RawClient.Connect("kept", clean: false));
        var connack = await client.ReadAsync(4);
        await client.SendAsync("E000");
        await client.ReadToEndAsync();
        await client.CloseAsync();
        return connack;
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
