using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>What becomes of a message when the member of a shared subscription that got it does not finish it.</summary>
public sealed class SharedHandOverTests
{
    [Theory, BothVersions]
    public async Task Message_of_qos_1_goes_to_another_member_when_the_session_ends(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var first = await broker.ConnectAsync(Given.Client("first").Version(version).Subscribed("$share/g/a", Qos.AtLeastOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        for (var number = 1; number <= 3; number++) await writer.SendAsync(Given.Publish("a").Payload($"{number}").Qos1(1));
        await first.ExpectAsync(Given.Publish("a").Payload("1").Qos1(1), Given.Publish("a").Payload("2").Qos1(2), Given.Publish("a").Payload("3").Qos1(3));
        await first.SendAsync(Given.Puback(2));
        var second = await broker.ConnectAsync(Given.Client("second").Version(version).Subscribed("$share/g/a", Qos.AtLeastOnce));

        await first.CloseAsync();

        await second.ExpectAsync(Given.Publish("a").Payload("1").Qos1(), Given.Publish("a").Payload("3").Qos1());
        await second.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Message_of_qos_1_stays_with_its_member_while_the_session_lives(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var first = await broker.ConnectAsync(Given.Client("first").Version(version).Persistent().Subscribed("$share/g/a", Qos.AtLeastOnce));
        await first.SendAsync(Given.Publish("a").Payload("x"));
        await first.SendAsync(Given.Publish("a").Payload("y").Qos1(1));
        await first.ReadToPingrespAsync();
        var second = await broker.ConnectAsync(Given.Client("second").Version(version).Subscribed("$share/g/a", Qos.AtLeastOnce));
        await first.CloseAsync();

        await second.ExpectNothingAsync();
        first = await broker.ConnectAsync(Given.Client("first").Version(version).Persistent());

        await first.ExpectAsync(Given.Publish("a").Payload("y").Qos1().AsDuplicate());
    }

    [Theory, BothVersions]
    public async Task Messages_of_a_session_discarded_by_clean_start_go_to_another_member(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var first = await broker.ConnectAsync(Given.Client("first").Version(version).Persistent().Subscribed("$share/g/a", Qos.ExactlyOnce));
        await first.CloseAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("1").Qos1(1), Given.Publish("a").Payload("2").Qos2(2));
        var second = await broker.ConnectAsync(Given.Client("second").Version(version).Subscribed("$share/g/a", Qos.ExactlyOnce));
        await second.ExpectNothingAsync();

        await broker.ConnectAsync(Given.Client("first").Version(version).Clean(true));

        // Neither was sent to the first member, so both are free for the second, of QoS 2 too.
        await second.ExpectAsync(Given.Publish("a").Payload("1").Qos1(), Given.Publish("a").Payload("2").Qos2());
    }

    [Fact]
    public async Task Messages_of_a_session_that_expires_go_to_another_member()
    {
        await using var broker = new TestBroker();
        var first = await broker.ConnectAsync(Given.Client("first").Persistent(10).Subscribed("$share/g/a", Qos.AtLeastOnce));
        await first.SendAsync(Given.Publish("a").Payload("1").Qos1(1));
        await first.ReadToPingrespAsync();
        await first.CloseAsync();
        var second = await broker.ConnectAsync(Given.Client("second").Subscribed("$share/g/a", Qos.AtLeastOnce));

        await broker.AdvanceAsync(9);
        await second.ExpectNothingAsync();
        await broker.AdvanceAsync(3);

        await second.ExpectAsync(Given.Publish("a").Payload("1").Qos1());
    }

    [Fact, Spec("MQTT-3.3.2-5")]
    public async Task Message_that_has_expired_goes_to_nobody_when_the_session_ends()
    {
        await using var broker = new TestBroker();
        var first = await broker.ConnectAsync(Given.Client("first").Persistent(100).Subscribed("$share/g/a", Qos.AtLeastOnce));
        await first.CloseAsync();
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("short").Qos1(1).MessageExpiry(50), Given.Publish("a").Payload("long").Qos1(2).MessageExpiry(200));
        var second = await broker.ConnectAsync(Given.Client("second").Subscribed("$share/g/a", Qos.AtLeastOnce));

        await broker.AdvanceAsync(102);

        var publish = await second.ReadPacketAsync(PacketType.Publish);
        Assert.Equal("long", publish.PayloadText);
        await second.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    public async Task Messages_wait_for_another_member_that_is_offline(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var second = await broker.ConnectAsync(Given.Client("second").Version(version).Persistent().Subscribed("$share/g/a", Qos.AtLeastOnce));
        await second.CloseAsync();
        var first = await broker.ConnectAsync(Given.Client("first").Version(version).Subscribed("$share/g/a", Qos.AtLeastOnce));
        await first.SendAsync(Given.Publish("a").Payload("x").Qos1(1));
        await first.ReadToPingrespAsync();
        await first.CloseAsync();

        second = await broker.ConnectAsync(Given.Client("second").Version(version).Persistent());

        await second.ExpectAsync(Given.Publish("a").Payload("x").Qos1());
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.8.2-4")]
    public async Task Message_of_qos_2_in_flight_is_completed_with_its_member(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var first = await broker.ConnectAsync(Given.Client("first").Version(version).Persistent().Subscribed("$share/g/a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("1").Qos2(1), Given.Publish("a").Payload("2").Qos2(2));
        await first.ExpectAsync(Given.Publish("a").Payload("1").Qos2(1), Given.Publish("a").Payload("2").Qos2(2));
        await first.SendAsync(Given.Pubrec(1));
        await first.ExpectAsync(Given.Pubrel(1));
        var second = await broker.ConnectAsync(Given.Client("second").Version(version).Subscribed("$share/g/a", Qos.ExactlyOnce));
        await first.CloseAsync();
        await second.ExpectNothingAsync();

        first = await broker.ConnectAsync(Given.Client("first").Version(version).Persistent());

        await first.ExpectAsync(Given.Pubrel(1), Given.Publish("a").Payload("2").Qos2(2).AsDuplicate());
        await first.SendAsync(Given.Pubcomp(1), Given.Pubrec(2));
        await first.ExpectAsync(Given.Pubrel(2));
        await first.SendAsync(Given.Pubcomp(2));
        await first.ExpectNothingAsync();
        await second.ExpectNothingAsync();
    }

    [Theory, BothVersions]
    [Spec("MQTT-4.8.2-5")]
    public async Task Message_of_qos_2_in_flight_ends_with_the_session_of_its_member(ProtocolVersion version)
    {
        await using var broker = new TestBroker();
        var first = await broker.ConnectAsync(Given.Client("first").Version(version).Persistent().Subscribed("$share/g/a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("1").Qos2(1), Given.Publish("a").Payload("2").Qos2(2));
        await first.ExpectAsync(Given.Publish("a").Payload("1").Qos2(1), Given.Publish("a").Payload("2").Qos2(2));
        await first.SendAsync(Given.Pubrec(1));
        await first.ExpectAsync(Given.Pubrel(1));
        var second = await broker.ConnectAsync(Given.Client("second").Version(version).Subscribed("$share/g/a", Qos.ExactlyOnce));
        await first.CloseAsync();

        first = await broker.ConnectAsync(Given.Client("first").Version(version).Clean(true));

        await first.ExpectNothingAsync();
        await second.ExpectNothingAsync();
    }

    [Fact, Spec("MQTT-4.8.2-6")]
    public async Task Message_refused_by_puback_or_pubrec_goes_to_no_other_member()
    {
        await using var broker = new TestBroker();
        var first = await broker.ConnectAsync(Given.Client("first").Subscribed("$share/g/a", Qos.ExactlyOnce));
        var writer = await broker.ConnectAsync(Given.Client("writer"));
        await writer.SendAsync(Given.Publish("a").Payload("1").Qos1(1), Given.Publish("a").Payload("2").Qos2(2));
        await first.ExpectAsync(Given.Publish("a").Payload("1").Qos1(1), Given.Publish("a").Payload("2").Qos2(2));
        var second = await broker.ConnectAsync(Given.Client("second").Subscribed("$share/g/a", Qos.ExactlyOnce));

        await first.SendAsync(Given.Puback(1, ReasonCode.UnspecifiedError), Given.Pubrec(2, ReasonCode.NotAuthorized));

        await first.ExpectNothingAsync();
        await second.ExpectNothingAsync();
        await first.CloseAsync();
        await second.ExpectNothingAsync();
    }
}
