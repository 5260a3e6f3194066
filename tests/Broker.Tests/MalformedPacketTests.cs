using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Spec;
using Avocet.TestKit.Vectors;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>Every packet of the vector tables that breaks a rule, sent to the broker. What it means is in the tables; here it must end the connection.</summary>
public sealed class MalformedPacketTests
{
    private static readonly Dictionary<string, MalformedVector> Vectors =
        PacketVectors.Malformed.Concat(PacketVectors.Forbidden).Where(vector => vector.Direction.HasFlag(Direction.ToServer)).ToDictionary(vector => vector.Name);

    public static TheoryData<string> Connects => Names(MalformedConnectVectors.All);

    public static TheoryData<string> Publishes => Names(MalformedPublishVectors.All);

    public static TheoryData<string> Subscriptions => Names(MalformedSubscriptionVectors.All);

    public static TheoryData<string> Others => Names(MalformedConnectionVectors.All);

    public static TheoryData<string> Forbidden => Names(ForbiddenVectors.All);

    [Theory, MemberData(nameof(Connects))]
    [Spec("MQTT-3.1.2-3", "MQTT-3.1.2-9", "MQTT-3.1.2-11", "MQTT-3.1.2-12", "MQTT-3.1.2-13", "MQTT-3.1.2-16", "MQTT-3.1.2-17", "MQTT-3.1.2-18", "MQTT-3.1.2-19")]
    [Spec("MQTT-3.1.3-1", "MQTT-3.1.3-3", "MQTT-3.1.3-4", "MQTT-3.1.3-11", "MQTT-3.1.3-12", "MQTT-3.1.4-1", "MQTT-3.14.0-1", "MQTT-1.5.4-1", "MQTT-1.5.4-2")]
    [Spec("3.1.1 MQTT-3.1.2-3", "3.1.1 MQTT-3.1.2-9", "3.1.1 MQTT-3.1.2-11", "3.1.1 MQTT-3.1.2-13", "3.1.1 MQTT-3.1.2-14", "3.1.1 MQTT-3.1.2-15")]
    [Spec("3.1.1 MQTT-3.1.2-18", "3.1.1 MQTT-3.1.2-19", "3.1.1 MQTT-3.1.2-20", "3.1.1 MQTT-3.1.2-21", "3.1.1 MQTT-3.1.2-22")]
    [Spec("3.1.1 MQTT-3.1.3-3", "3.1.1 MQTT-3.1.3-4", "3.1.1 MQTT-3.1.3-10", "3.1.1 MQTT-3.1.3-11", "3.1.1 MQTT-3.1.4-1", "3.1.1 MQTT-3.2.2-6")]
    [Spec("3.1.1 MQTT-1.5.3-1", "3.1.1 MQTT-1.5.3-2")]
    public async Task Connect_that_breaks_a_rule_is_refused(string name)
    {
        var vector = Vectors[name];
        await using var broker = new TestBroker();
        var client = await broker.OpenAsync(vector.Version);

        await client.SendAsync(vector.Bytes);

        await ExpectRefusalAsync(client, vector);
    }

    [Theory, MemberData(nameof(Publishes))]
    [Spec("MQTT-1.5.4-1", "MQTT-1.5.4-2", "MQTT-1.5.5-1", "MQTT-1.5.7-1", "MQTT-2.2.1-3", "MQTT-3.3.1-2", "MQTT-3.3.1-4", "MQTT-3.3.2-1", "MQTT-3.3.2-2")]
    [Spec("MQTT-3.3.2-8", "MQTT-3.3.2-13", "MQTT-3.3.2-14", "MQTT-3.3.2-19", "MQTT-4.7.0-1", "MQTT-4.7.3-1", "MQTT-4.7.3-2", "MQTT-4.13.1-1")]
    [Spec("3.1.1 MQTT-1.5.3-1", "3.1.1 MQTT-1.5.3-2", "3.1.1 MQTT-2.3.1-1", "3.1.1 MQTT-3.3.1-2", "3.1.1 MQTT-3.3.1-4", "3.1.1 MQTT-3.3.2-1")]
    [Spec("3.1.1 MQTT-3.3.2-2", "3.1.1 MQTT-4.7.1-1", "3.1.1 MQTT-4.7.3-1", "3.1.1 MQTT-4.7.3-2", "3.1.1 MQTT-4.8.0-1")]
    public Task Publish_that_breaks_a_rule_is_disconnected_and_not_delivered(string name) => SendAndExpectTheEndAsync(Vectors[name]);

    [Theory, MemberData(nameof(Subscriptions))]
    [Spec("MQTT-2.2.1-3", "MQTT-3.8.1-1", "MQTT-3.8.3-1", "MQTT-3.8.3-2", "MQTT-3.8.3-5", "MQTT-3.10.1-1", "MQTT-3.10.3-1", "MQTT-3.10.3-2", "MQTT-4.13.1-1")]
    [Spec("MQTT-4.7.3-2", "3.1.1 MQTT-2.3.1-1", "3.1.1 MQTT-2.2.2-2", "3.1.1 MQTT-3.8.1-1", "3.1.1 MQTT-3.8.3-1", "3.1.1 MQTT-3.8.3-3", "3.1.1 MQTT-3.8.3-4")]
    [Spec("3.1.1 MQTT-3.10.1-1", "3.1.1 MQTT-3.10.3-1", "3.1.1 MQTT-3.10.3-2", "3.1.1 MQTT-4.7.3-2")]
    public Task Subscribe_or_unsubscribe_that_breaks_a_rule_is_disconnected(string name) => SendAndExpectTheEndAsync(Vectors[name]);

    [Theory, MemberData(nameof(Others))]
    [Spec("MQTT-2.1.3-1", "MQTT-3.14.1-1", "MQTT-3.14.2-1", "MQTT-3.15.1-1", "MQTT-3.15.2-1", "MQTT-3.6.1-1", "MQTT-4.13.1-1", "MQTT-4.13.2-1")]
    [Spec("3.1.1 MQTT-2.2.2-2", "3.1.1 MQTT-3.6.1-1", "3.1.1 MQTT-3.14.1-1", "3.1.1 MQTT-4.8.0-1")]
    public Task Packet_that_breaks_a_rule_is_disconnected(string name) => SendAndExpectTheEndAsync(Vectors[name]);

    [Theory, MemberData(nameof(Forbidden))]
    [Spec("MQTT-3.1.0-2", "MQTT-3.3.4-6", "MQTT-3.8.3-4", "MQTT-4.12.0-7", "MQTT-4.13.1-1", "3.1.1 MQTT-3.1.0-2", "3.1.1 MQTT-4.8.0-1")]
    public Task Packet_that_clients_may_not_send_is_disconnected(string name) => SendAndExpectTheEndAsync(Vectors[name]);

    private static TheoryData<string> Names(IEnumerable<MalformedVector> vectors)
    {
        return [.. vectors.Where(vector => vector.Direction.HasFlag(Direction.ToServer)).Select(vector => vector.Name)];
    }

    private static async Task SendAndExpectTheEndAsync(MalformedVector vector)
    {
        await using var broker = new TestBroker();
        var watcher = await broker.ConnectAsync(Given.Client("watcher").Subscribed("#", Qos.ExactlyOnce));
        var client = await broker.ConnectAsync(Given.Client("c").Version(vector.Version));

        await client.SendAsync(vector.Bytes);

        await client.ExpectDisconnectAsync(vector.Reason);
        await watcher.ExpectNothingAsync();
    }

    // Before 5.0 nothing but an unsupported version is answered. [3.1.1 MQTT-3.1.4-1]
    private static async Task ExpectRefusalAsync(TestPeer client, MalformedVector vector)
    {
        var answer = Convert.ToHexString(await client.ReadToEndAsync());
        if (vector.Reason == ReasonCode.UnsupportedProtocolVersion) Assert.Contains(answer, (string[])["20020001", "2003008400"]);
        else if (vector.Version != ProtocolVersion.V50) Assert.Equal("", answer);
        else if (answer.Length > 0) Assert.Equal(($"20", $"00{(byte)vector.Reason:X2}"), (answer[..2], answer[4..8]));
    }
}
