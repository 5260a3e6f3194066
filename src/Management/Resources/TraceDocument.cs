using System.Text.Json.Serialization;
using Avocet.Broker.Tracing;

namespace Avocet.Management.Resources;

/// <summary>What a trace follows.</summary>
[JsonConverter(typeof(WordConverter<TracedKind>))]
public enum TracedKind
{
    [JsonStringEnumMemberName("client")]
    Client = TraceKind.Client,

    /// <summary>PUBLISH packets whose topics match a filter.</summary>
    [JsonStringEnumMemberName("topic")]
    Topic = TraceKind.Topic,

    [JsonStringEnumMemberName("address")]
    Address = TraceKind.Address,
}

/// <param name="Kind">What it follows.</param>
/// <param name="Value">The client identifier, Topic Filter or IP address.</param>
/// <param name="Minutes">For how long.</param>
/// <param name="Payloads">Whether payloads are shown, which takes the scope admin.</param>
public sealed record NewTrace(TracedKind Kind, string Value, int Minutes = 5, bool Payloads = false);

/// <summary>A trace.</summary>
public sealed record TraceDocument
{
    public required string Id { get; init; }

    public required TracedKind Kind { get; init; }

    public required string Value { get; init; }

    public required bool Payloads { get; init; }

    public required bool IsRunning { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset EndsAt { get; init; }

    /// <summary>Packets so far; the last 10,000 are kept.</summary>
    public required long Packets { get; init; }

    /// <summary>Packets that were left out because too many came in a second.</summary>
    public required long Skipped { get; init; }

    internal static TraceDocument Of(Trace trace) => new()
    {
        Id = trace.Id,
        Kind = (TracedKind)trace.Kind,
        Value = trace.Value,
        Payloads = trace.WithPayloads,
        IsRunning = trace.IsRunning,
        StartedAt = trace.StartedAt,
        EndsAt = trace.EndsAt,
        Packets = trace.Last,
        Skipped = trace.Skipped,
    };
}

/// <summary>A packet that a trace has seen.</summary>
public sealed record TraceEntryDocument
{
    public required long Number { get; init; }

    public required DateTimeOffset At { get; init; }

    public required string Client { get; init; }

    public required string Address { get; init; }

    /// <summary><c>in</c> from the client, <c>out</c> to it.</summary>
    public required string Direction { get; init; }

    /// <summary>Such as <c>PUBLISH</c>.</summary>
    public required string Packet { get; init; }

    public required string Summary { get; init; }

    /// <summary>Fields and properties.</summary>
    public required IReadOnlyDictionary<string, string> Detail { get; init; }

    internal static TraceEntryDocument Of(TraceEntry entry) => new()
    {
        Number = entry.Number,
        At = entry.At,
        Client = entry.ClientId,
        Address = entry.Address,
        Direction = entry.IsOut ? "out" : "in",
        Packet = entry.Packet,
        Summary = entry.Summary,
        Detail = entry.Detail,
    };
}

/// <param name="Items">The packets, the oldest first.</param>
/// <param name="Last">To give as <c>after</c> for what comes next.</param>
/// <param name="IsRunning">Whether more may come.</param>
public sealed record TraceEntriesDocument(IReadOnlyList<TraceEntryDocument> Items, long Last, bool IsRunning);
