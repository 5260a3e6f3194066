using System.Net;
using System.Text.Json;
using Avocet.Broker.Security;
using Microsoft.Extensions.Logging;

namespace Avocet.Security.Http;

/// <summary>Asks a web service what a connected client may do. Without an answer it is not done.</summary>
internal sealed class HttpAuthorizer : IRemoteAuthorizer, IDisposable
{
    private readonly HttpService _service;

    /// <exception cref="SecurityFileException">The file of the token cannot be read.</exception>
    public HttpAuthorizer(HttpAccessOptions options, TimeProvider timeProvider, ILogger logger)
    {
        AnswerTime = TimeSpan.FromSeconds(options.CacheSeconds);
        _service = new HttpService(options, timeProvider, logger);
    }

    public TimeSpan AnswerTime { get; }

    public async ValueTask<RemoteAnswer> AskAsync(RemoteQuestion question, CancellationToken cancellationToken)
    {
        var (client, isPublish, topic, qos, retain) = question;
        var address = client.Origin.RemoteEndPoint is IPEndPoint endPoint ? AddressRange.Plain(endPoint.Address).ToString() : null;
        var asked = new HttpAccessQuestion(isPublish ? "publish" : "subscribe", topic, (int)qos, retain, client.ClientId, client.UserName, address, client.Origin.Listener.Name);
        var reply = await _service.AskAsync(JsonSerializer.SerializeToUtf8Bytes(asked, HttpJson.Default.HttpAccessQuestion), cancellationToken);
        var answer = reply.Kind switch
        {
            HttpReplyKind.Empty => RemoteAnswer.Yes,
            HttpReplyKind.Text => Judge(reply.Text!),
            _ => RemoteAnswer.Unavailable,
        };
        if (answer != RemoteAnswer.Unavailable) _service.Succeed();
        return answer;
    }

    public void Dispose() => _service.Dispose();

    private RemoteAnswer Judge(byte[] text)
    {
        try
        {
            switch (JsonSerializer.Deserialize(text, HttpJson.Default.HttpAnswer)?.Result)
            {
                case "deny":
                    return RemoteAnswer.No;

                // Whom it does not know, it leaves to the rules, which have agreed.
                case "allow" or "ignore":
                    return RemoteAnswer.Yes;
            }
        }
        catch (JsonException)
        {
            // As any other answer that is not understood.
        }

        _service.Fail("its answer is not JSON with a \"result\" of allow, deny or ignore");
        return RemoteAnswer.Unavailable;
    }
}
