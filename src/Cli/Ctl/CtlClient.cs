using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Avocet.Cli.Ctl;

/// <summary>Talks to the API, and says in a line what is wrong.</summary>
internal sealed class CtlClient : IDisposable
{
    private const long AnswerBytesMax = 64 * 1024 * 1024;

    private readonly HttpClient _http;

    /// <param name="url">Where the API is.</param>
    /// <param name="key">The key; null to be let in without.</param>
    /// <param name="certificate">The certificate's SHA-256, where it is known and its names do not matter.</param>
    public CtlClient(Uri url, string? key, string? certificate)
    {
        var handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(10) };
        if (certificate is not null) handler.SslOptions.RemoteCertificateValidationCallback = (_, remote, _, errors) => errors == SslPolicyErrors.None || IsKnown(remote, certificate);

        _http = new HttpClient(handler) { BaseAddress = url, Timeout = TimeSpan.FromSeconds(60), MaxResponseContentBufferSize = AnswerBytesMax };
        if (key is { Length: > 0 }) _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Asks; the answer, or null where there is none.</summary>
    /// <param name="method">GET, POST, PATCH or DELETE.</param>
    /// <param name="path">From the root.</param>
    /// <param name="body">What to send; null for nothing.</param>
    /// <param name="isProblemTold">Whether a status of failure is to be told rather than given back.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CommandException">It was refused, or nobody answers.</exception>
    public async Task<JsonElement?> SendAsync(HttpMethod method, string path, JsonObject? body, CancellationToken cancellationToken, bool isProblemTold = true)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path);
            if (body is not null) request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
            using var response = await _http.SendAsync(request, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            if (!response.IsSuccessStatusCode && isProblemTold) throw new CommandException(ProblemOf(text) ?? $"{_http.BaseAddress} answers with status {(int)response.StatusCode}.");

            return text.Length == 0 ? null : JsonDocument.Parse(text).RootElement;
        }
        catch (JsonException)
        {
            throw new CommandException($"{_http.BaseAddress} answers, but not as Avocet does. Is this the console's address?");
        }
        catch (HttpRequestException exception)
        {
            var reason = (exception.InnerException ?? exception).Message.ReplaceLineEndings(" ").TrimEnd('.');
            throw new CommandException($"{_http.BaseAddress} cannot be reached: {reason}.");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CommandException($"{_http.BaseAddress} does not answer within {_http.Timeout.TotalSeconds} s.");
        }
    }

    /// <summary>Reads a stream of server-sent events until it ends or is interrupted.</summary>
    /// <exception cref="CommandException">It was refused, or nobody answers, or the stream broke off.</exception>
    public async IAsyncEnumerable<(string Kind, JsonElement Data)> StreamAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var response = await OpenStreamAsync(path, cancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await using var items = SseParser.Create(stream).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await items.MoveNextAsync()) yield break;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                yield break;
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException)
            {
                throw new CommandException($"{_http.BaseAddress} has broken off: {exception.Message.TrimEnd('.')}.");
            }

            yield return (items.Current.EventType, JsonDocument.Parse(items.Current.Data).RootElement);
        }
    }

    /// <summary>Fetches what is no JSON, such as a download.</summary>
    /// <exception cref="CommandException">It was refused, or nobody answers.</exception>
    public async Task<string> GetTextAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await OpenStreamAsync(path, cancellationToken);
        return await response.Content.ReadAsStringAsync(cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> OpenStreamAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.IsSuccessStatusCode) return response;

            using (response) throw new CommandException(ProblemOf(await response.Content.ReadAsStringAsync(cancellationToken)) ?? $"{_http.BaseAddress} answers with status {(int)response.StatusCode}.");
        }
        catch (HttpRequestException exception)
        {
            throw new CommandException($"{_http.BaseAddress} cannot be reached: {(exception.InnerException ?? exception).Message.ReplaceLineEndings(" ").TrimEnd('.')}.");
        }
    }

    private static string? ProblemOf(string text)
    {
        try
        {
            return JsonDocument.Parse(text).RootElement is { ValueKind: JsonValueKind.Object } problem && problem.TryGetProperty("detail", out var detail) ? detail.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsKnown(X509Certificate? remote, string sha256) =>
        remote is not null && string.Equals(remote.GetCertHashString(HashAlgorithmName.SHA256), sha256, StringComparison.OrdinalIgnoreCase);
}
