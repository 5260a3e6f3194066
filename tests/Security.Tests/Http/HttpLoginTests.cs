using System.Net;
using System.Text.Json;
using Avocet.Broker;
using Avocet.Protocol;
using Avocet.Security.Http;
using Avocet.TestKit;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Avocet.Security.Tests.Http;

public sealed class HttpLoginTests : IDisposable
{
    private static readonly ListenerPolicy Closed = new() { Name = "closed" };

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly CapturedLog _log = new();
    private readonly Service _service = new();

    public void Dispose()
    {
        _service.Dispose();
        _log.Dispose();
    }

    [Theory]
    [InlineData(204, "", ReasonCode.Success)]
    [InlineData(200, """{"result":"allow"}""", ReasonCode.Success)]
    [InlineData(200, """{"result":"deny"}""", ReasonCode.BadUserNameOrPassword)]
    [InlineData(200, """{"result":"ignore"}""", ReasonCode.BadUserNameOrPassword)]
    [InlineData(200, """{"result":"allow","expire_at":5}""", ReasonCode.BadUserNameOrPassword)]
    [InlineData(200, """{"result":"allow","acl":{"publish":["a"]}}""", ReasonCode.ServerUnavailable)]
    [InlineData(200, """{"result":"allow","expire_at":-1}""", ReasonCode.ServerUnavailable)]
    [InlineData(200, """{"allowed":true}""", ReasonCode.ServerUnavailable)]
    [InlineData(200, "null", ReasonCode.ServerUnavailable)]
    [InlineData(200, "yes", ReasonCode.ServerUnavailable)]
    [InlineData(302, "", ReasonCode.ServerUnavailable)]
    [InlineData(401, "", ReasonCode.ServerUnavailable)]
    [InlineData(500, "", ReasonCode.ServerUnavailable)]
    public async Task Answer_decides_and_all_but_a_clear_yes_keeps_the_client_out(int status, string body, ReasonCode reason)
    {
        _service.Answer = () => new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body) };
        using var authenticator = Authenticator(new HttpLoginOptions { Url = "https://users.example/" });
        await using var broker = BrokerWith(authenticator);

        var client = await broker.OpenAsync(Given.Client("c").UserName("alice").Password("secret"), Closed);

        if (reason == ReasonCode.Success) Assert.Equal(ReasonCode.Success, (await client.ReadPacketAsync(PacketType.Connack)).Reason);
        else await client.ExpectRefusalAsync(reason);

        var question = JsonDocument.Parse(_service.Questions.Single()).RootElement;
        Assert.Equal(("c", "alice", "secret", "127.0.0.1", "closed"), (Text("clientid"), Text("username"), Text("password"), Text("address"), Text("listener")));
        Assert.DoesNotContain(_log.Entries, entry => entry.Message.Contains("secret", StringComparison.Ordinal));

        string? Text(string name) => question.GetProperty(name).GetString();
    }

    [Fact]
    public async Task Service_that_cannot_be_reached_or_does_not_answer_keeps_the_client_out()
    {
        using var authenticator = Authenticator(new HttpLoginOptions { Url = "https://users.example/", TimeoutMilliseconds = 500 });
        await using var broker = BrokerWith(authenticator);
        _service.Answer = () => throw new HttpRequestException("no route to host");
        for (var i = 0; i < 2; i++)
        {
            var first = await broker.OpenAsync(Given.Client("a").UserName("alice").Password("x"), Closed);
            await first.ExpectRefusalAsync(ReasonCode.ServerUnavailable);
        }

        // Once, not for each client.
        Assert.Contains("no route to host", Assert.Single(_log.Errors).Message, StringComparison.Ordinal);
        _service.Answer = () => new HttpResponseMessage(HttpStatusCode.NoContent);
        await broker.ConnectAsync(Given.Client("a").UserName("alice").Password("y"), Closed);
        Assert.Contains(_log.Entries, entry => entry.Event.Id == 4009);
        await broker.AdvanceAsync(11);

        _service.Answer = () => null;
        var second = await broker.OpenAsync(Given.Client("b").UserName("alice").Password("x"), Closed);
        await broker.AdvanceAsync(0.75);

        await second.ExpectRefusalAsync(ReasonCode.ServerUnavailable);
        Assert.Contains(_log.Errors, entry => entry.Message.Contains("does not answer within 500 ms", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Yes_is_remembered_for_a_while_and_a_no_is_not()
    {
        using var authenticator = Authenticator(new HttpLoginOptions { Url = "https://users.example/", CacheSeconds = 30 });
        await using var broker = BrokerWith(authenticator);
        _service.Answer = () => new HttpResponseMessage(HttpStatusCode.NoContent);
        for (var i = 0; i < 3; i++) await broker.ConnectAsync(Given.Client("c").UserName("alice").Password("secret"), Closed);
        Assert.Single(_service.Questions);
        _clock.Advance(TimeSpan.FromSeconds(31));
        await broker.ConnectAsync(Given.Client("c").UserName("alice").Password("secret"), Closed);
        Assert.Equal(2, _service.Questions.Count);

        _service.Answer = () => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("""{"result":"deny"}""") };
        for (var i = 0; i < 2; i++)
        {
            var refused = await broker.OpenAsync(Given.Client("c").UserName("alice").Password("other"), Closed);
            await refused.ExpectRefusalAsync(ReasonCode.BadUserNameOrPassword);
        }

        Assert.Equal(4, _service.Questions.Count);
    }

    [Fact]
    public async Task Rules_name_and_end_of_the_answer_count()
    {
        var end = _clock.GetUtcNow().AddSeconds(60).ToUnixTimeSeconds();
        _service.Answer = () => new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StringContent($$$"""{"result":"allow","username":"bob","expire_at":{{{end}}},"acl":{"pub":["up/${username}"]}}"""),
        };
        using var authenticator = Authenticator(new HttpLoginOptions { Url = "https://users.example/" });
        await using var broker = BrokerWith(authenticator);
        var client = await broker.ConnectAsync(Given.Client("c").UserName("alice").Password("secret"), Closed);

        await client.SendAsync(Given.Publish("up/alice").Payload("x").Qos1(1));
        await client.ExpectAsync(Given.Puback(1, ReasonCode.NotAuthorized));
        await client.SendAsync(Given.Publish("up/bob").Payload("x").Qos1(2));
        await client.ExpectAsync(Given.Puback(2, ReasonCode.NoMatchingSubscribers));
        await broker.AdvanceAsync(61);
        await client.ExpectDisconnectAsync(ReasonCode.NotAuthorized);
    }

    [Fact]
    public async Task Requests_at_a_time_are_bounded()
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _service.Gate = go.Task;
        _service.Answer = () => new HttpResponseMessage(HttpStatusCode.NoContent);
        using var authenticator = Authenticator(new HttpLoginOptions { Url = "https://users.example/", RequestsMax = 2 });
        await using var broker = BrokerWith(authenticator);
        var clients = new List<TestPeer>();
        for (var i = 0; i < 5; i++) clients.Add(await broker.OpenAsync(Given.Client($"c{i}").UserName("alice").Password("x"), Closed));

        Assert.Equal(2, _service.Questions.Count);
        go.SetResult();
        foreach (var client in clients) Assert.Equal(ReasonCode.Success, (await client.ReadPacketAsync(PacketType.Connack)).Reason);
        Assert.Equal(2, _service.AtATimeMax);
    }

    [Theory]
    [InlineData("https://users.example/", true)]
    [InlineData("http://127.0.0.1:8080/", true)]
    [InlineData("http://users.example/", false)]
    [InlineData("file:///etc/passwd", false)]
    [InlineData("users", false)]
    public void Passwords_do_not_travel_without_encryption(string url, bool isGood) => Assert.Equal(isGood, new HttpLoginOptions { Url = url }.FindProblem() is null);

    private HttpAuthenticator Authenticator(HttpLoginOptions options) => new(options, _clock, _log.CreateLogger("test"), _service);

    private TestBroker BrokerWith(HttpAuthenticator authenticator) => new(services: new BrokerServices { Authenticators = [authenticator] }, clock: _clock);

    private sealed class Service : HttpMessageHandler
    {
        private readonly Lock _gate = new();
        private int _now;

        public Func<HttpResponseMessage?> Answer { get; set; } = () => null;

        public Task Gate { get; set; } = Task.CompletedTask;

        public List<string> Questions { get; } = [];

        public int AtATimeMax { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var question = await request.Content!.ReadAsStringAsync(cancellationToken);
            lock (_gate)
            {
                Questions.Add(question);
                AtATimeMax = Math.Max(AtATimeMax, ++_now);
            }

            try
            {
                await Gate.WaitAsync(cancellationToken);
                if (Answer() is { } answer) return answer;

                await Task.Delay(Timeout.Infinite, cancellationToken);
                return new HttpResponseMessage();
            }
            finally
            {
                lock (_gate) _now--;
            }
        }
    }
}
