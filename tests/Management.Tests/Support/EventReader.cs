using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Xunit;

namespace Avocet.Management.Tests.Support;

/// <summary>Reads a stream of server-sent events, each with a deadline.</summary>
internal sealed class EventReader : IAsyncDisposable
{
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(20);

    private readonly HttpResponseMessage _response;
    private readonly IAsyncEnumerator<SseItem<string>> _items;
    private readonly CancellationTokenSource _end = new();

    private EventReader(HttpResponseMessage response, Stream stream)
    {
        _response = response;
        _items = SseParser.Create(stream).EnumerateAsync(_end.Token).GetAsyncEnumerator();
    }

    public static async Task<EventReader> OpenAsync(HttpClient client, string path, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEventId is not null) request.Headers.Add("Last-Event-ID", lastEventId);
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(TimeMax);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path}: {response.StatusCode}");
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new EventReader(response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>The next event; null at the end of the stream.</summary>
    public async Task<(string Kind, string? Id, JsonElement Data)?> ReadAsync()
    {
        if (!await _items.MoveNextAsync().AsTask().WaitAsync(TimeMax)) return null;

        var item = _items.Current;
        return (item.EventType, item.EventId, item.Data.Length == 0 ? default : JsonDocument.Parse(item.Data).RootElement);
    }

    /// <summary>The next event of a kind; others are passed over.</summary>
    public async Task<(string? Id, JsonElement Data)> ReadAsync(string kind)
    {
        while (true)
        {
            var next = await ReadAsync();
            Assert.True(next is not null, $"The stream has ended before {kind}.");
            if (next.Value.Kind == kind) return (next.Value.Id, next.Value.Data);
        }
    }

    /// <summary>Reads to the end of the stream.</summary>
    public async Task ReadToEndAsync()
    {
        while (await ReadAsync() is not null)
        {
            // What still comes does not matter.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _response.Dispose();
        _end.Dispose();
    }
}
