using System.Collections.Concurrent;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests;

/// <summary>What a client may do is asked for elsewhere, and the answer takes time.</summary>
public sealed class RemoteAuthorizationTests
{
    private readonly Authority _authority = new();

    [Theory, BothVersions]
    public async Task Publish_waits_for_its_answer_in_order_and_others_do_not(ProtocolVersion version)
    {
        await using var broker = Broker();
        var reader = await broker.ConnectAsync(Given.Client("reader"));
        _authority.Default = RemoteAnswer.Yes;
        await reader.SendAsync(Given.Subscribe(1).Filter("#", Qos.AtMostOnce));
        await reader.ExpectAsync(Given.Suback(1, ReasonCode.Success));
        _authority.Default = null;
        var waiting = await broker.ConnectAsync(Given.Client("waiting").Version(version));
        var other = await broker.ConnectAsync(Given.Client("other"));
        await waiting.SendAsync(Given.Publish("a").Payload("1").Qos1(1), Given.Publish("second").Payload("2").Qos1(2), Given.Publish("a").Payload("3").Qos1(3), Given.Pingreq());
        await other.SendAsync(Given.Publish("c"));
        _authority.Answer("c", RemoteAnswer.Yes);
        await reader.ExpectAsync(Given.Publish("c"));

        _authority.Answer("a", RemoteAnswer.Yes);
        await reader.ExpectAsync(Given.Publish("a").Payload("1"));
        await waiting.ExpectAsync(Given.Puback(1));
        _authority.Answer("second", RemoteAnswer.Yes);

        await reader.ExpectAsync(Given.Publish("second").Payload("2"), Given.Publish("a").Payload("3"));
        await waiting.ExpectAsync(Given.Puback(2), Given.Puback(3), Given.Pingresp());
        Assert.Equal(["# subscribe", "a publish", "c publish", "second publish"], _authority.Asked);
    }

    [Theory]
    [InlineData(RemoteAnswer.No, ReasonCode.NotAuthorized)]
    [InlineData(RemoteAnswer.Unavailable, ReasonCode.ImplementationSpecificError)]
    public async Task Publish_that_gets_no_yes_is_refused(RemoteAnswer answer, ReasonCode reason)
    {
        await using var broker = Broker();
        _authority.Default = answer;
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Publish("a").Qos1(1), Given.Publish("b").Qos2(2), Given.Publish("c"));

        await client.ExpectAsync(Given.Puback(1, reason), Given.Pubrec(2, reason));
        await client.ExpectNothingAsync();
        await client.SendAsync(Given.Subscribe(3).Filter("a", Qos.AtMostOnce));
        await client.ExpectAsync(Given.Suback(3, reason));
    }

    [Fact]
    public async Task Publish_of_3_1_1_without_an_answer_ends_the_connection_and_after_a_no_it_does_not()
    {
        await using var broker = Broker();
        _authority.Default = RemoteAnswer.No;
        var client = await broker.ConnectAsync(Given.Client("c").V311());
        await client.SendAsync(Given.Publish("a").Qos1(1));
        await client.ExpectAsync(Given.Puback(1));
        _authority.Default = RemoteAnswer.Unavailable;

        await client.SendAsync(Given.Publish("b").Qos1(2));

        await client.ExpectCloseAsync();
    }

    [Fact]
    public async Task Answer_holds_for_its_time_and_for_its_qos_and_retain()
    {
        _authority.AnswerTime = TimeSpan.FromSeconds(10);
        _authority.Default = RemoteAnswer.Yes;
        await using var broker = Broker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        for (var i = 0; i < 3; i++) await client.SendAsync(Given.Publish("a"));
        Assert.Single(_authority.Asked);
        await client.SendAsync(Given.Publish("a").Retain());
        Assert.Equal(2, _authority.Asked.Count);

        await broker.AdvanceAsync(11);
        await client.SendAsync(Given.Publish("a"));
        Assert.Equal(3, _authority.Asked.Count);

        // Of failures nothing is remembered.
        _authority.Default = RemoteAnswer.Unavailable;
        await client.SendAsync(Given.Publish("b").Qos1(1));
        await client.ExpectAsync(Given.Puback(1, ReasonCode.ImplementationSpecificError));
        _authority.Default = RemoteAnswer.Yes;
        await client.SendAsync(Given.Publish("b").Qos1(1));
        await client.ExpectAsync(Given.Puback(1, ReasonCode.NoMatchingSubscribers));
    }

    [Fact]
    public async Task Without_a_time_each_packet_is_asked_for_and_its_alias_and_identifier_count_once()
    {
        _authority.AnswerTime = TimeSpan.Zero;
        _authority.Default = RemoteAnswer.Yes;
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, ReceiveMaximum = 2, TopicAliasMaximum = 5 }, new BrokerServices { RemoteAuthorizer = _authority });
        var client = await broker.ConnectAsync(Given.Client("c"));

        await client.SendAsync(Given.Publish("a").TopicAlias(1).Qos2(1), Given.Publish("a").WithoutTopic().TopicAlias(1).Qos2(2));
        await client.ExpectAsync(Given.Pubrec(1, ReasonCode.NoMatchingSubscribers), Given.Pubrec(2, ReasonCode.NoMatchingSubscribers));
        await client.SendAsync(Given.Pubrel(1), Given.Pubrel(2));
        await client.ExpectAsync(Given.Pubcomp(1), Given.Pubcomp(2));

        Assert.Equal(["a publish", "a publish"], _authority.Asked);
    }

    [Fact]
    public async Task Subscribe_is_answered_filter_by_filter_and_rules_come_first()
    {
        _authority.Default = null;
        await using var broker = new TestBroker(services: new BrokerServices { RemoteAuthorizer = _authority, Authorizers = [new FilterAuthorizer("denied")] });
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Subscribe(1).Filter("allowed/a", Qos.AtMostOnce).Filter("denied", Qos.AtMostOnce).Filter("$share/g/allowed/b", Qos.AtLeastOnce));
        _authority.Answer("allowed/a", RemoteAnswer.No);
        _authority.Answer("allowed/b", RemoteAnswer.Yes);

        await client.ExpectAsync(Given.Suback(1, ReasonCode.NotAuthorized, ReasonCode.NotAuthorized, ReasonCode.GrantedQos1));
        Assert.Equal(["allowed/a subscribe", "allowed/b subscribe"], _authority.Asked);
    }

    [Fact]
    public async Task Subscription_bomb_asks_no_more_than_so_many_questions()
    {
        _authority.Default = RemoteAnswer.Yes;
        await using var broker = Broker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        var bomb = Given.Subscribe(1);
        for (var i = 0; i < 150; i++) bomb = bomb.Filter($"f/{i}", Qos.AtMostOnce);

        await client.SendAsync(bomb);

        var expected = Enumerable.Range(0, 150).Select(i => i < 100 ? ReasonCode.Success : ReasonCode.ImplementationSpecificError);
        await client.ExpectAsync(Given.Suback(1, [.. expected]));
        Assert.Equal(100, _authority.Asked.Count);
    }

    [Theory]
    [InlineData(RemoteAnswer.Yes, ReasonCode.Success)]
    [InlineData(RemoteAnswer.No, ReasonCode.NotAuthorized)]
    [InlineData(RemoteAnswer.Unavailable, ReasonCode.ServerUnavailable)]
    public async Task Will_is_asked_for_before_the_client_is_let_in(RemoteAnswer answer, ReasonCode reason)
    {
        await using var broker = Broker();
        _authority.Default = null;
        var client = await broker.OpenAsync(Given.Client("c").Will("last/words", "x", Qos.AtLeastOnce));
        _authority.Answer("last/words", answer);

        if (reason == ReasonCode.Success) Assert.Equal(ReasonCode.Success, (await client.ReadPacketAsync(PacketType.Connack)).Reason);
        else await client.ExpectRefusalAsync(reason);
        Assert.Equal(["last/words publish"], _authority.Asked);
    }

    [Fact]
    public async Task Client_that_goes_while_it_waits_ends_the_question()
    {
        await using var broker = Broker();
        _authority.Default = null;
        var client = await broker.ConnectAsync(Given.Client("c"));
        await client.SendAsync(Given.Publish("a").Qos1(1));

        await broker.ConnectAsync(Given.Client("c"));

        await client.ExpectDisconnectAsync(ReasonCode.SessionTakenOver);
        Assert.Equal(1, _authority.Cancelled);
    }

    [Fact]
    public async Task Client_that_waits_for_longer_than_its_keep_alive_stays_and_its_messages_count_for_its_rate()
    {
        await using var broker = new TestBroker(new BrokerOptions { SysIntervalSeconds = 0, PublishRateMax = 2, RateOverflow = RateOverflow.Disconnect }, new BrokerServices { RemoteAuthorizer = _authority });
        _authority.Default = null;
        var client = await broker.ConnectAsync(Given.Client("c").KeepAlive(1));
        await client.SendAsync(Given.Publish("a").Qos1(1));
        await broker.AdvanceAsync(5);
        _authority.Answer("a", RemoteAnswer.Yes);
        await client.ExpectAsync(Given.Puback(1, ReasonCode.NoMatchingSubscribers));

        _authority.Default = RemoteAnswer.Yes;
        for (var i = 0; i < 20; i++) await client.SendAsync(Given.Publish($"b/{i}"));

        await client.ExpectDisconnectAsync(ReasonCode.MessageRateTooHigh);
    }

    private TestBroker Broker() => new(services: new BrokerServices { RemoteAuthorizer = _authority });

    /// <summary>Answers when the test says so.</summary>
    private sealed class Authority : IRemoteAuthorizer
    {
        private readonly ConcurrentDictionary<string, TaskCompletionSource<RemoteAnswer>> _waiting = new();
        private readonly ConcurrentQueue<string> _asked = new();

        public TimeSpan AnswerTime { get; set; } = TimeSpan.FromSeconds(30);

        /// <summary>The answer at once; null to wait for <see cref="Answer"/>.</summary>
        public RemoteAnswer? Default { get; set; } = RemoteAnswer.Yes;

        public ConcurrentQueue<string> Asked => _asked;

        public int Cancelled { get; private set; }

        public void Answer(string topic, RemoteAnswer answer) => Waiting(topic).SetResult(answer);

        public async ValueTask<RemoteAnswer> AskAsync(RemoteQuestion question, CancellationToken cancellationToken)
        {
            _asked.Enqueue($"{question.Topic} {(question.IsPublish ? "publish" : "subscribe")}");
            if (Default is { } answer) return answer;

            try
            {
                return await Waiting(question.Topic).Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                Cancelled++;
                throw;
            }
        }

        private TaskCompletionSource<RemoteAnswer> Waiting(string topic) => _waiting.GetOrAdd(topic, _ => new TaskCompletionSource<RemoteAnswer>());
    }
}
