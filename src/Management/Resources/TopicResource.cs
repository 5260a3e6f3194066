using Avocet.Broker.Inspection;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <summary>A level of the tree of topics, with what is at and below it.</summary>
public sealed record TopicLevelDocument
{
    /// <summary>The level; in answers to a search the whole topic.</summary>
    public required string Level { get; init; }

    /// <summary>The levels up to this one, to be given as <c>parent</c>.</summary>
    public required string Topic { get; init; }

    /// <summary>Topics at and below it.</summary>
    public required int Topics { get; init; }

    public required long Messages { get; init; }

    /// <summary>Averaged over about ten seconds.</summary>
    public required double MessagesPerSecond { get; init; }

    /// <summary>Averaged over about ten seconds.</summary>
    public required double BytesPerSecond { get; init; }

    public DateTimeOffset? LastAt { get; init; }

    /// <summary>Bytes of the last payload.</summary>
    public int? LastBytes { get; init; }

    /// <summary>Whether it has a retained message itself.</summary>
    public required bool Retained { get; init; }

    /// <summary>Whether a topic at or below it is silent.</summary>
    public required bool Silent { get; init; }

    public required bool HasChildren { get; init; }

    /// <summary>Whether messages were published to it itself.</summary>
    public required bool IsTopic { get; init; }

    internal static TopicLevelDocument Of(TopicLevel level) => new()
    {
        Level = level.Level,
        Topic = level.Topic,
        Topics = level.Topics,
        Messages = level.Messages,
        MessagesPerSecond = Math.Round(level.MessagesPerSecond, 3),
        BytesPerSecond = Math.Round(level.BytesPerSecond, 3),
        LastAt = level.LastAt,
        LastBytes = level.LastBytes,
        Retained = level.IsRetained,
        Silent = level.IsSilent,
        HasChildren = level.HasChildren,
        IsTopic = level.IsTopic,
    };

    internal static TopicLevelDocument Of(TopicInfo topic) => new()
    {
        Level = topic.Topic,
        Topic = topic.Topic,
        Topics = 1,
        Messages = topic.Messages,
        MessagesPerSecond = Math.Round(topic.MessagesPerSecond, 3),
        BytesPerSecond = Math.Round(topic.BytesPerSecond, 3),
        LastAt = topic.LastAt,
        LastBytes = topic.LastBytes,
        Retained = topic.IsRetained,
        Silent = topic.SilentSince is not null,
        HasChildren = false,
        IsTopic = true,
    };
}

/// <summary>A topic that messages were published to.</summary>
public sealed record TopicDocument
{
    public required string Topic { get; init; }

    public required long Messages { get; init; }

    /// <summary>Averaged over about ten seconds.</summary>
    public required double MessagesPerSecond { get; init; }

    /// <summary>Bytes of topic, properties and payload.</summary>
    public required long Bytes { get; init; }

    public DateTimeOffset? LastAt { get; init; }

    /// <summary>Bytes of the last payload.</summary>
    public required int LastBytes { get; init; }

    public string? LastPublisher { get; init; }

    /// <summary>The last ten clients that published to it, the latest last.</summary>
    public required IReadOnlyList<string> Publishers { get; init; }

    public required bool Retained { get; init; }

    /// <summary>A moving average; several messages within a second count as one.</summary>
    public double? UsualIntervalSeconds { get; init; }

    /// <summary>The time of the last message of a topic that has fallen silent.</summary>
    public DateTimeOffset? SilentSince { get; init; }

    internal static TopicDocument Of(TopicInfo topic) => new()
    {
        Topic = topic.Topic,
        Messages = topic.Messages,
        MessagesPerSecond = Math.Round(topic.MessagesPerSecond, 3),
        Bytes = topic.Bytes,
        LastAt = topic.LastAt,
        LastBytes = topic.LastBytes,
        LastPublisher = topic.Publishers.Count > 0 ? topic.Publishers[^1] : null,
        Publishers = topic.Publishers,
        Retained = topic.IsRetained,
        UsualIntervalSeconds = topic.UsualInterval is { } interval ? Math.Round(interval.TotalSeconds, 3) : null,
        SilentSince = topic.SilentSince,
    };
}

/// <param name="Kind"><c>topic</c> or <c>client</c>.</param>
/// <param name="Name">The topic, or the client identifier.</param>
/// <param name="LastAt">When it was last heard of.</param>
/// <param name="UsualIntervalSeconds">How often it usually is.</param>
/// <param name="SilentSince">The same as <paramref name="LastAt"/>.</param>
public sealed record SilentDocument(string Kind, string Name, DateTimeOffset LastAt, double UsualIntervalSeconds, DateTimeOffset SilentSince);

/// <summary>Topics that messages were published to, and what has fallen silent.</summary>
internal static class TopicResource
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/topics", List).Needs(Scope.Read).Produces<Page<TopicLevelDocument>>().WithTags("Topics").WithSummary("One level of the tree of topics below parent, or the topics that contain a text");
        api.MapGet("/topics/one", Get).Needs(Scope.Read).Produces<TopicDocument>().WithTags("Topics").WithSummary("One topic");
        api.MapGet("/silent", ListSilent).Needs(Scope.Read).Produces<Page<SilentDocument>>().WithTags("Topics").WithSummary("Topics and clients that have stopped: quiet for three times their usual interval");
    }

    private static IResult List(string? parent, string? search, string? cursor, int? limit, [FromServices] ManagementContext management)
    {
        var topics = management.Sources.Broker.Topics;
        if (!topics.IsOn) return Off();
        if (parent is not null && search is not null) return Problem.BadRequest("Give parent or search, not both.");

        var found = search is null ? topics.ListLevels(parent).Select(TopicLevelDocument.Of) : topics.List(search).Select(TopicLevelDocument.Of);
        return TypedResults.Ok(Paging.Cut(found.OrderBy(level => level.Topic, StringComparer.Ordinal), level => level.Topic, cursor, limit));
    }

    private static IResult Get(string topic, [FromServices] ManagementContext management)
    {
        var topics = management.Sources.Broker.Topics;
        if (!topics.IsOn) return Off();

        return topics.Find(topic) is { } found ? TypedResults.Ok(TopicDocument.Of(found)) : Problem.NotFound("Nothing was published to this topic, as far as is remembered.");
    }

    private static IResult ListSilent(string? cursor, int? limit, [FromServices] ManagementContext management)
    {
        var items = management.Sources.Broker.Topics.ListSilent()
            .Select(one => new SilentDocument(one.IsClient ? "client" : "topic", one.Name, one.LastAt, Math.Round(one.UsualInterval.TotalSeconds, 3), one.LastAt))
            .OrderBy(KeyOf, StringComparer.Ordinal);
        return TypedResults.Ok(Paging.Cut(items, KeyOf, cursor, limit));

        static string KeyOf(SilentDocument one) => $"{one.Kind}\0{one.Name}";
    }

    private static Problem Off() => Problem.Conflict("Topics are not counted: limits.topic_statistics_max is 0.");
}
