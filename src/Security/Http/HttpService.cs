using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;

namespace Avocet.Security.Http;

/// <summary>
/// A web service that is asked: a bounded number of requests at a time, each within a time limit. When it fails that is said once, and once when it works again.
/// </summary>
internal sealed class HttpService : IDisposable
{
    private const int AnswerSizeMax = 64 * 1024;

    private readonly Uri _url;
    private readonly int _timeoutMilliseconds;
    private readonly HttpClient _client;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly Turns _turns;
    private readonly Outage _outage;

    /// <param name="options">Where and how to ask.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">Where failures are said.</param>
    /// <param name="handler">For tests; null for the network.</param>
    /// <exception cref="SecurityFileException">The file of the token cannot be read.</exception>
    public HttpService(HttpServiceOptions options, TimeProvider timeProvider, ILogger logger, HttpMessageHandler? handler = null)
    {
        _url = new Uri(options.Url);
        _timeoutMilliseconds = options.TimeoutMilliseconds;
        _timeProvider = timeProvider;
        _logger = logger;
        _turns = new Turns(options.RequestsMax);
        _outage = new Outage(timeProvider);
        // A redirection could send passwords elsewhere.
        _client = new HttpClient(handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, MaxConnectionsPerServer = options.RequestsMax })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = AnswerSizeMax,
        };
        if (options.TokenFile.Length > 0) _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", SecurityFile.ReadText(options.TokenFile).Trim());
    }

    /// <summary>Posts a question in JSON. Waiting for a turn is part of the time limit.</summary>
    /// <exception cref="OperationCanceledException">The client has gone, or its time is over.</exception>
    public async ValueTask<HttpReply> AskAsync(byte[] question, CancellationToken cancellationToken)
    {
        using var time = new CancellationTokenSource(TimeSpan.FromMilliseconds(_timeoutMilliseconds), _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancellationToken);
        try
        {
            if (!await _turns.TryEnterAsync(either.Token)) return new HttpReply(HttpReplyKind.Busy);

            try
            {
                return await PostAsync(question, either.Token);
            }
            finally
            {
                _turns.Leave();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Fail($"it does not answer within {_timeoutMilliseconds} ms");
        }
        catch (HttpRequestException exception)
        {
            return Fail(exception.Message);
        }
    }

    /// <summary>The reply was understood.</summary>
    public void Succeed()
    {
        if (_outage.End()) Log.HttpWorks(_logger, _url);
    }

    /// <summary>There is no reply, or none that is understood.</summary>
    public HttpReply Fail(string reason)
    {
        if (_outage.Begin()) Log.HttpFailed(_logger, _url, reason);
        return new HttpReply(HttpReplyKind.Failed);
    }

    public void Dispose()
    {
        _client.Dispose();
        _turns.Dispose();
    }

    private async Task<HttpReply> PostAsync(byte[] question, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(question) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using var response = await _client.PostAsync(_url, content, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NoContent) return new HttpReply(HttpReplyKind.Empty);
        if (response.StatusCode != HttpStatusCode.OK) return Fail($"it answers with status {(int)response.StatusCode}");

        return new HttpReply(HttpReplyKind.Text, await response.Content.ReadAsByteArrayAsync(cancellationToken));
    }
}
