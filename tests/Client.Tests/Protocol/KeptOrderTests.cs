using Avocet.Client.Tests.Support;
using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Client.Tests.Protocol;

/// <summary>What an outbox on disk keeps before a packet goes, and that packets keep their order whenever the disk is done.</summary>
public sealed class KeptOrderTests
{
    private readonly ManualOutbox _outbox = new();

    [Fact, Spec("MQTT-4.6.0-1", "3.1.1 MQTT-4.6.0-1")]
    public async Task Publish_leaves_in_order_whichever_identifier_is_on_disk_first()
    {
        await using var server = new ScriptedServer(o => o.Outbox = _outbox);
        var peer = await server.StartAsync();
        await server.Client.ForAsync(ConnectionState.Connected);
        _outbox.IsSlow = true;
        var first = server.Client.PublishAsync("a", "1", Qos.ExactlyOnce).AsTask();
        var second = server.Client.PublishAsync("a", "2", Qos.AtLeastOnce).AsTask();
        var third = server.Client.PublishAsync("a", "3", Qos.ExactlyOnce).AsTask();
        await server.Client.PublishAsync("a", "4");
        var changes = await _outbox.WhenChangedAsync(5);
        Assert.Equal(["add 1", "update 1 1", "add 2", "add 3", "update 3 3"], changes.Select(change => change.ToString()));

        await peer.SyncAsync();
        foreach (var change in changes.Reverse()) change.Complete();

        await peer.ExpectAsync(
            Given.Publish("a").Payload("1").Qos2(1), Given.Publish("a").Payload("2").Qos1(2), Given.Publish("a").Payload("3").Qos2(3), Given.Publish("a").Payload("4"));
        await peer.SendAsync(Given.Pubrec(1), Given.Puback(2), Given.Pubrec(3));
        _outbox.IsSlow = false;
        foreach (var change in await _outbox.WhenChangedAsync(8)) change.Complete();
        await peer.ExpectAsync(Given.Pubrel(1), Given.Pubrel(3));
        await peer.SendAsync(Given.Pubcomp(1), Given.Pubcomp(3));
        await Task.WhenAll(first, second, third).WaitAsync(Wait.Deadline);
    }

    [Fact, Spec("MQTT-4.6.0-4", "3.1.1 MQTT-4.6.0-4")]
    public async Task Pubrel_leaves_in_the_order_of_pubrec_whichever_is_on_disk_first()
    {
        await using var server = new ScriptedServer(o => o.Outbox = _outbox);
        var peer = await server.StartAsync();
        await server.Client.ForAsync(ConnectionState.Connected);
        var publishing = Enumerable.Range(1, 3).Select(i => server.Client.PublishAsync("a", $"{i}", Qos.ExactlyOnce).AsTask()).ToList();
        await peer.ExpectAsync(Given.Publish("a").Payload("1").Qos2(1), Given.Publish("a").Payload("2").Qos2(2), Given.Publish("a").Payload("3").Qos2(3));

        _outbox.IsSlow = true;
        await peer.SendAsync(Given.Pubrec(2), Given.Pubrec(1), Given.Pubrec(3));
        await peer.SyncAsync();
        var changes = _outbox.Changes.TakeLast(3).ToList();
        Assert.Equal(["update 2 2 received", "update 1 1 received", "update 3 3 received"], changes.Select(change => change.ToString()));
        _outbox.IsSlow = false;
        changes[2].Complete();
        changes[1].Complete();
        await peer.SyncAsync();
        changes[0].Complete();

        await peer.ExpectAsync(Given.Pubrel(2), Given.Pubrel(1), Given.Pubrel(3));
        await peer.SendAsync(Given.Pubcomp(2), Given.Pubcomp(1), Given.Pubcomp(3));
        await Task.WhenAll(publishing).WaitAsync(Wait.Deadline);
    }

    [Fact]
    public async Task Connection_that_breaks_while_the_disk_writes_sends_when_it_is_done_and_in_order()
    {
        await using var server = new ScriptedServer(o => o.Outbox = _outbox);
        var peer = await server.StartAsync();
        await server.Client.ForAsync(ConnectionState.Connected);
        _outbox.IsSlow = true;
        var first = server.Client.PublishAsync("a", "1", Qos.ExactlyOnce).AsTask();
        var second = server.Client.PublishAsync("a", "2", Qos.ExactlyOnce).AsTask();
        var changes = await _outbox.WhenChangedAsync(4);
        _outbox.IsSlow = false;

        peer = await server.ReconnectAsync(sessionPresent: true);
        await peer.SyncAsync();
        foreach (var change in changes.Reverse()) change.Complete();

        await peer.ExpectAsync(Given.Publish("a").Payload("1").Qos2(1), Given.Publish("a").Payload("2").Qos2(2));
        await peer.SendAsync(Given.Pubrec(1), Given.Pubrec(2), Given.Pubcomp(1), Given.Pubcomp(2));
        await Task.WhenAll(first, second).WaitAsync(Wait.Deadline);
        Assert.Equal("remove 2", (await _outbox.WhenChangedAsync(8))[^1].ToString());
    }

    [Fact]
    public async Task Session_lost_gives_the_identifiers_on_disk_back_before_others_get_them()
    {
        await using var server = new ScriptedServer(o => o.Outbox = _outbox);
        var peer = await server.StartAsync();
        await server.Client.ForAsync(ConnectionState.Connected);
        var publishing = server.Client.PublishAsync("a", "1", Qos.ExactlyOnce).AsTask();
        await peer.ExpectAsync(Given.Publish("a").Payload("1").Qos2(1));

        peer = await server.ReconnectAsync(sessionPresent: false);

        await peer.ExpectAsync(Given.Publish("a").Payload("1").Qos2(2));
        Assert.Equal(["add 1", "update 1 1", "update 1 0", "update 1 2"], _outbox.Changes.Select(change => change.ToString()));
        await peer.SendAsync(Given.Pubrec(2), Given.Pubcomp(2));
        await publishing.WaitAsync(Wait.Deadline);
    }

    [Fact]
    public async Task Message_acknowledged_before_it_is_on_disk_does_not_complete_another_one_later()
    {
        await using var server = new ScriptedServer(o => o.Outbox = _outbox);
        var peer = await server.StartAsync();
        await server.Client.ForAsync(ConnectionState.Connected);
        _outbox.IsSlow = true;
        var enqueuing = server.Client.EnqueueAsync(new MqttMessage("a", "1") { Qos = Qos.AtLeastOnce }).AsTask();
        await peer.ExpectAsync(Given.Publish("a").Payload("1").Qos1(1));
        await peer.SendAsync(Given.Puback(1));
        await enqueuing.WaitAsync(Wait.Deadline);

        // It uses the bookkeeping of the first one again.
        var publishing = server.Client.PublishAsync("a", "2", Qos.AtLeastOnce).AsTask();
        await peer.ExpectAsync(Given.Publish("a").Payload("2").Qos1(2));
        foreach (var change in _outbox.Changes) change.Complete();

        Assert.False(publishing.IsCompleted);
        await peer.SendAsync(Given.Puback(2));
        await publishing.WaitAsync(Wait.Deadline);
    }
}
