using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using Avocet.Broker;
using Avocet.Broker.Security;
using Avocet.Client.Tests.Support;
using Avocet.Protocol;
using Xunit;

namespace Avocet.Client.Tests;

public sealed class FeatureTests
{
    [Fact]
    public async Task Request_gets_its_own_answer()
    {
        await using var broker = new BrokerHost();
        await using var responder = await broker.ConnectAsync("responder");
        await using var asker = await broker.ConnectAsync("asker");
        await using var answering = await responder.RespondAsync("double", (request, _) => new ValueTask<ReadOnlyMemory<byte>>(Encoding.UTF8.GetBytes(request.Text + request.Text)));

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => asker.RequestAsync(new MqttMessage("double", $"{i}."), TimeSpan.FromSeconds(10)))).WaitAsync(Wait.Deadline);

        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"{i}.{i}."), answers.Select(answer => answer.Text));
    }

    [Fact]
    public async Task Request_without_an_answer_ends_in_time()
    {
        await using var broker = new BrokerHost();
        await using var asker = await broker.ConnectAsync("asker");

        await Assert.ThrowsAsync<TimeoutException>(() => asker.RequestAsync(new MqttMessage("nobody", ""), TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public async Task Value_is_sent_and_read_as_json()
    {
        await using var broker = new BrokerHost();
        await using var client = await broker.ConnectAsync("client");
        await using var subscription = await client.OpenSubscriptionAsync("reading");

        await client.PublishAsync("reading", new Reading(21.5, "kitchen"), FeatureJson.Default.Reading);

        Assert.Equal(new Reading(21.5, "kitchen"), (await subscription.ReadAllAsync().TakeAsync(1))[0].Read(FeatureJson.Default.Reading));
    }

    [Fact]
    public async Task Handlers_run_at_a_time_but_those_of_a_topic_in_order()
    {
        const int Topics = 8, Each = 50;
        await using var broker = new BrokerHost();
        await using var client = await broker.ConnectAsync("client");
        var seen = new ConcurrentDictionary<string, List<int>>();
        var left = Topics * Each;
        var running = 0;
        var most = 0;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var together = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var subscription = await client.SubscribeAsync(
            "t/#",
            async (message, _) =>
            {
                var now = Interlocked.Increment(ref running);
                most = Math.Max(most, now);
                // The first one waits until another has begun.
                if (now > 1) together.TrySetResult();
                await together.Task.WaitAsync(Wait.Deadline, CancellationToken.None);
                lock (seen.GetOrAdd(message.Topic, _ => [])) seen[message.Topic].Add(int.Parse(message.Text, CultureInfo.InvariantCulture));
                Interlocked.Decrement(ref running);
                if (Interlocked.Decrement(ref left) == 0) done.TrySetResult();
            },
            new SubscribeOptions { Concurrency = 4 });

        for (var i = 0; i < Each; i++)
        {
            for (var topic = 0; topic < Topics; topic++) await client.PublishAsync($"t/{topic}", i.ToString(CultureInfo.InvariantCulture), Qos.AtLeastOnce);
        }

        await done.Task.WaitAsync(Wait.Deadline);
        Assert.True(most > 1);
        Assert.All(seen.Values, list => Assert.Equal(Enumerable.Range(0, Each), list));
    }

    [Fact]
    public async Task Handler_that_fails_holds_nothing_back()
    {
        await using var broker = new BrokerHost();
        await using var client = await broker.ConnectAsync("client", o => o.ReceiveMaximum = 1);
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var subscription = await client.SubscribeAsync("a", (message, _) =>
        {
            if (message.Text == "1") throw new InvalidOperationException("The handler is at fault.");

            second.TrySetResult();
            return default;
        });

        await client.PublishAsync("a", "1", Qos.AtLeastOnce);
        await client.PublishAsync("a", "2", Qos.AtLeastOnce);

        await second.Task.WaitAsync(Wait.Deadline);
    }

    [Fact]
    public async Task Shared_subscription_divides_messages()
    {
        await using var broker = new BrokerHost();
        await using var first = await broker.ConnectAsync("first");
        await using var second = await broker.ConnectAsync("second");
        await using var writer = await broker.ConnectAsync("writer");
        await using var firstShare = await first.OpenSubscriptionAsync("$share/workers/jobs");
        await using var secondShare = await second.OpenSubscriptionAsync("$share/workers/jobs");

        for (var i = 0; i < 10; i++) await writer.PublishAsync("jobs", $"{i}", Qos.AtLeastOnce);

        var all = (await firstShare.ReadAllAsync().TakeAsync(5)).Concat(await secondShare.ReadAllAsync().TakeAsync(5));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{i}"), all.Select(message => message.Text).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Will_is_published_when_the_connection_breaks()
    {
        await using var broker = new BrokerHost();
        await using var reader = await broker.ConnectAsync("reader");
        await using var subscription = await reader.OpenSubscriptionAsync("gone");
        await using (var mortal = await broker.ConnectAsync("mortal", o => o.Will = new Will("gone", "mortal"))) await mortal.DisconnectAsync(ReasonCode.DisconnectWithWillMessage);

        Assert.Equal("mortal", (await subscription.ReadAllAsync().TakeAsync(1))[0].Text);
    }

    [Fact]
    public async Task Trace_of_the_publisher_goes_on_in_the_handler()
    {
        await using var broker = new BrokerHost();
        await using var client = await broker.ConnectAsync("client");
        using var listener = new ActivityListener { ShouldListenTo = source => source.Name == MqttClient.TelemetryName, Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded };
        ActivitySource.AddActivityListener(listener);
        var handled = new TaskCompletionSource<ActivityTraceId>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var subscription = await client.SubscribeAsync("a", (_, _) =>
        {
            handled.TrySetResult(Activity.Current!.TraceId);
            return default;
        });

        using var activity = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();
        await client.PublishAsync("a", "x");

        Assert.Equal(activity.TraceId, await handled.Task.WaitAsync(Wait.Deadline));
    }

    [Fact]
    public async Task Scram_speaks_as_in_the_example_of_rfc_7677()
    {
        var exchange = ScramSha256Authentication.Begin("user", "pencil", "rOprNGfwEbeRWgbNEkqO");

        Assert.Equal("n,,n=user,r=rOprNGfwEbeRWgbNEkqO", Encoding.UTF8.GetString(exchange.GetInitialData().Span));
        var answer = await exchange.NextAsync(Encoding.UTF8.GetBytes("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"), CancellationToken.None);
        Assert.Equal(
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", Encoding.UTF8.GetString(answer.Span));
        exchange.Complete(Encoding.UTF8.GetBytes("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        Assert.Throws<MqttConnectException>(() => exchange.Complete(Encoding.UTF8.GetBytes("v=AAriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")));
    }

    [Fact]
    public async Task Client_authenticates_in_several_steps_and_again_on_a_running_connection()
    {
        await using var broker = new BrokerHost(services: new BrokerServices { EnhancedAuthenticators = [new Echo()] });
        await using var client = await broker.ConnectAsync("client", o => o.Authentication = new EchoClient());

        await client.ReauthenticateAsync().WaitAsync(Wait.Deadline);

        Assert.Equal(ConnectionState.Connected, client.State);
    }

    // Says what it is told, and wants to hear it again.
    private sealed class Echo : IEnhancedAuthenticator
    {
        public string Method => "ECHO";

        public IAuthenticationExchange Begin(AuthenticationRequest request) => new Exchange();

        private sealed class Exchange : IAuthenticationExchange
        {
            private int _step;

            public ValueTask<AuthenticationStep> NextAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
            {
                return new ValueTask<AuthenticationStep>(_step++ == 0 ? new AuthenticationStep(ReasonCode.ContinueAuthentication, data.ToArray()) : new AuthenticationStep(ReasonCode.Success, data.ToArray()));
            }
        }
    }

    private sealed class EchoClient : EnhancedAuthentication
    {
        public override string Method => "ECHO";

        public override EnhancedAuthenticationExchange Begin() => new Exchange();

        private sealed class Exchange : EnhancedAuthenticationExchange
        {
            public override ReadOnlyMemory<byte> GetInitialData() => new byte[] { 1, 2 };

            public override ValueTask<ReadOnlyMemory<byte>> NextAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken) => new(data);

            public override void Complete(ReadOnlyMemory<byte> data) => Assert.Equal([1, 2], data.ToArray());
        }
    }
}

internal sealed record Reading(double Value, string Room);

[JsonSerializable(typeof(Reading))]
internal sealed partial class FeatureJson : JsonSerializerContext;
