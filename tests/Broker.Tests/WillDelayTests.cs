using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

public sealed class WillDelayTests
{
    [Fact, Spec("MQTT-3.1.2-8")]
    public async Task Will_is_published_when_its_delay_has_passed()
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Persistent(60).Will("will", delaySeconds: 10));
        await client.CloseAsync();

        await broker.AdvanceAsync(9);
        await watcher.ExpectNothingAsync();
        await broker.AdvanceAsync(2);

        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));
        await broker.AdvanceAsync(120);
        await watcher.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.1.2-8")]
    public async Task Will_is_published_when_the_session_ends_before_the_delay()
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Persistent(5).Will("will", delaySeconds: 100));
        await client.CloseAsync();

        await broker.AdvanceAsync(4);
        await watcher.ExpectNothingAsync();
        await broker.AdvanceAsync(2);

        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));
    }

    [Fact, Spec("MQTT-3.1.2-8")]
    public async Task Will_is_not_delayed_where_the_session_ends_with_the_connection()
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Will("will", delaySeconds: 100));

        await client.CloseAsync();

        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));
    }

    [Fact, Spec("MQTT-3.1.3-9")]
    public async Task Will_is_cancelled_when_the_session_resumes_within_the_delay()
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Persistent(60).Will("will", delaySeconds: 10));
        await client.CloseAsync();
        await broker.AdvanceAsync(5);

        var again = await broker.ConnectAsync(Given.Client("c").Persistent(60));

        Assert.True(again.Connack.SessionPresent);
        await broker.AdvanceAsync(20);
        await watcher.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.1.3-9")]
    public async Task Will_is_cancelled_when_the_session_is_taken_over()
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        await broker.ConnectAsync(Given.Client("c").Persistent(60).Will("will", delaySeconds: 10));

        await broker.ConnectAsync(Given.Client("c").Persistent(60));

        await broker.AdvanceAsync(20);
        await watcher.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.1.2-8", "MQTT-3.1.2-4")]
    public async Task Will_is_published_when_a_clean_start_ends_the_session_within_the_delay()
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Persistent(60).Will("will", delaySeconds: 10));
        await client.CloseAsync();

        await broker.ConnectAsync(Given.Client("c").Clean(true));

        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));
        await broker.AdvanceAsync(20);
        await watcher.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.1.2-8")]
    public async Task Will_is_published_when_a_clean_start_takes_the_session_over()
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        await broker.ConnectAsync(Given.Client("c").Persistent(60).Will("will", delaySeconds: 10));

        await broker.ConnectAsync(Given.Client("c").Clean(true));

        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));
    }

    [Fact, Spec("MQTT-3.1.2-10", "MQTT-3.14.4-3")]
    public async Task Will_with_delay_is_deleted_by_disconnect()
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Persistent(60).Will("will", delaySeconds: 10));

        await client.DisconnectAsync();

        await broker.AdvanceAsync(120);
        await watcher.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-3.1.2-8")]
    public async Task Will_with_delay_waits_after_disconnect_with_will_message()
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Persistent(60).Will("will", delaySeconds: 10));

        await client.DisconnectAsync(ReasonCode.DisconnectWithWillMessage);

        await watcher.ExpectNothingAsync();
        await broker.AdvanceAsync(12);
        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));
    }

    [Fact]
    public async Task Will_with_delay_is_published_at_once_when_disconnect_ends_the_session()
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("will"));
        var client = await broker.ConnectAsync(Given.Client("c").Persistent(60).Will("will", delaySeconds: 10));

        await client.SendAsync(Given.Disconnect(ReasonCode.DisconnectWithWillMessage).SessionExpiry(0));

        await client.ExpectCloseAsync();
        await watcher.ExpectAsync(Given.Publish("will").Payload("will"));
    }

    [Fact]
    public async Task Will_delay_can_be_used_again_after_it_was_cancelled()
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("#"));
        var client = await broker.ConnectAsync(Given.Client("c").Persistent(60).Will("will", "old", delaySeconds: 10));
        await client.CloseAsync();

        client = await broker.ConnectAsync(Given.Client("c").Persistent(60).Will("will", "new", delaySeconds: 10));
        await client.CloseAsync();
        await broker.AdvanceAsync(12);

        await watcher.ExpectAsync(Given.Publish("will").Payload("new"));
        await watcher.ExpectNothingAsync();
    }
}
