using System.Globalization;
using System.Net;
using System.Text.Json;
using Avocet.Broker;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.Security.Http;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Avocet.Security.Tests.Http;

/// <summary>A web service that says what clients may do, over real HTTP.</summary>
public sealed class HttpAccessTests : IDisposable
{
    private readonly WebService _service = new();
    private readonly CapturedLog _log = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _service.Dispose();
        _log.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(204, "", RemoteAnswer.Yes)]
    [InlineData(200, """{"result":"allow"}""", RemoteAnswer.Yes)]
    [InlineData(200, """{"result":"ignore"}""", RemoteAnswer.Yes)]
    [InlineData(200, """{"result":"deny"}""", RemoteAnswer.No)]
    [InlineData(200, """{"result":"ALLOW"}""", RemoteAnswer.Unavailable)]
    [InlineData(200, """{"allowed":true}""", RemoteAnswer.Unavailable)]
    [InlineData(200, """{"result":"allow" """, RemoteAnswer.Unavailable)]
    [InlineData(200, "", RemoteAnswer.Unavailable)]
    [InlineData(200, "null", RemoteAnswer.Unavailable)]
    [InlineData(302, "", RemoteAnswer.Unavailable)]
    [InlineData(403, "", RemoteAnswer.Unavailable)]
    [InlineData(500, """{"result":"allow"}""", RemoteAnswer.Unavailable)]
    public async Task Answer_decides_and_all_but_a_clear_yes_or_no_is_none(int status, string text, RemoteAnswer expected)
    {
        _service.Answer = _ => (status, text);
        using var authorizer = new HttpAuthorizer(new HttpAccessOptions { Url = _service.Url }, TimeProvider.System, _log.CreateLogger("test"));

        Assert.Equal(expected, await AskAsync(authorizer, isPublish: true, "home/door"));

        var question = JsonDocument.Parse(Assert.Single(_service.Questions)).RootElement;
        Assert.Equal(("publish", "home/door", "c", "alice", "192.0.2.7", "test"), (Text("action"), Text("topic"), Text("clientid"), Text("username"), Text("address"), Text("listener")));
        Assert.Equal((1, true), (question.GetProperty("qos").GetInt32(), question.GetProperty("retain").GetBoolean()));
        Assert.Equal(expected == RemoteAnswer.Unavailable ? 1 : 0, _log.Errors.Count());

        string? Text(string name) => question.GetProperty(name).GetString();
    }

    [Fact]
    public async Task Service_that_is_slow_or_gone_is_no_yes_and_is_said_once()
    {
        using var authorizer = new HttpAuthorizer(new HttpAccessOptions { Url = _service.Url, TimeoutMilliseconds = 200 }, TimeProvider.System, _log.CreateLogger("test"));
        _service.Answer = _ => null;
        for (var i = 0; i < 3; i++) Assert.Equal(RemoteAnswer.Unavailable, await AskAsync(authorizer, true, "a"));
        Assert.Contains("does not answer within 200 ms", Assert.Single(_log.Errors).Message, StringComparison.Ordinal);

        _service.Dispose();
        Assert.Equal(RemoteAnswer.Unavailable, await AskAsync(authorizer, true, "a"));
        Assert.Single(_log.Errors);
    }

    [Fact]
    public async Task Requests_at_a_time_are_bounded_and_who_waits_too_long_for_a_turn_gets_no_answer()
    {
        var clock = new FakeTimeProvider();
        using var silent = new SilentService();
        using var service = new HttpService(new HttpAccessOptions { Url = _service.Url, TimeoutMilliseconds = 300, RequestsMax = 2 }, clock, _log.CreateLogger("test"), silent);

        var replies = Enumerable.Range(0, 20).Select(_ => service.AskAsync([], CancellationToken.None).AsTask()).ToArray();

        Assert.Equal(2, silent.Requests);
        Assert.DoesNotContain(replies, reply => reply.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(300));
        Assert.All(await Task.WhenAll(replies), reply => Assert.Equal(HttpReplyKind.Failed, reply.Kind));
        Assert.Equal((0, 2), (silent.Requests, silent.RequestsPeak));
    }

    [Fact]
    public async Task Real_process_asks_for_what_mosquitto_pub_and_sub_want()
    {
        _service.Answer = question => JsonDocument.Parse(question).RootElement.GetProperty("topic").GetString() switch
        {
            "yes" => (200, """{"result":"allow"}"""),
            "no" => (200, """{"result":"deny"}"""),
            "broken" => (200, "<html>"),
            _ => (500, ""),
        };
        var configuration = _folder.Write("avocet.toml", $"[http_access]\nurl = \"{_service.Url}\"\n");
        await using var process = await AvocetProcess.ServeAsync("--config", configuration);
        string[] client = ["-p", (await AvocetProcess.PortOfAsync(process)).ToString(CultureInfo.InvariantCulture), "-V", "5"];

        await RunAsync("mosquitto_pub", true, [.. client, "-q", "1", "-r", "-t", "yes", "-m", "hello"]);
        Assert.Contains("hello", await RunAsync("mosquitto_sub", true, [.. client, "-t", "yes", "-C", "1", "-W", "10"]), StringComparison.Ordinal);
        Assert.Contains("Not authorized", await RunAsync("mosquitto_pub", true, [.. client, "-q", "1", "-t", "no", "-m", "x"]), StringComparison.Ordinal);
        foreach (var topic in (string[])["broken", "error"])
        {
            Assert.Contains("failed", await RunAsync("mosquitto_pub", true, [.. client, "-q", "2", "-t", topic, "-m", "x"]), StringComparison.Ordinal);
        }

        Assert.Contains("denied", await RunAsync("mosquitto_sub", true, [.. client, "-t", "no", "-W", "10"]), StringComparison.Ordinal);
        await RunAsync("mosquitto_pub", true, [.. client, "-q", "1", "-t", "yes", "--will-topic", "yes", "--will-payload", "last", "-m", "again"]);
        await RunAsync("mosquitto_pub", false, [.. client, "-q", "1", "-t", "yes", "--will-topic", "no", "--will-payload", "last", "-m", "again"]);
    }

    private static Task<RemoteAnswer> AskAsync(HttpAuthorizer authorizer, bool isPublish, string topic)
    {
        var origin = new ConnectionOrigin { Listener = new ListenerPolicy { Name = "test" }, RemoteEndPoint = new IPEndPoint(IPAddress.Parse("192.0.2.7"), 50_000) };
        return authorizer.AskAsync(new RemoteQuestion(new ClientIdentity("c", "alice", origin), isPublish, topic, Qos.AtLeastOnce, Retain: true), CancellationToken.None).AsTask();
    }

    private static async Task<string> RunAsync(string program, bool succeeds, params string[] arguments)
    {
        await using var process = ChildProcess.Start(program, arguments);
        Assert.True(succeeds == (await process.WaitForExitAsync() == 0), process.Output);
        return process.Output;
    }

    /// <summary>Takes requests and never answers.</summary>
    private sealed class SilentService : HttpMessageHandler
    {
        private readonly Lock _lock = new();

        /// <summary>Nobody gives it.</summary>
        private readonly TaskCompletionSource<HttpResponseMessage> _answer = new();

        /// <summary>Those that wait for an answer now.</summary>
        public int Requests { get; private set; }

        public int RequestsPeak { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            lock (_lock) RequestsPeak = Math.Max(RequestsPeak, ++Requests);
            try
            {
                return await _answer.Task.WaitAsync(cancellationToken);
            }
            finally
            {
                lock (_lock) Requests--;
            }
        }
    }
}
