using Avocet.Broker.Inspection;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Avocet.Protocol;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <summary>Who would get a message now and who would not, and why.</summary>
public sealed record ExplanationDocument
{
    /// <summary>What keeps the message from being taken at all.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether the publisher that was asked about may publish it.</summary>
    public bool? MayPublish { get; init; }

    /// <summary>The rule that decides that.</summary>
    public string? PublishRule { get; init; }

    public required IReadOnlyList<ReceiverDocument> Receivers { get; init; }

    /// <summary>Receivers in all.</summary>
    public required int ReceiverCount { get; init; }

    public required bool HasRetained { get; init; }

    /// <summary>What happened lately with this topic, or with whoever was asked about.</summary>
    public required IReadOnlyList<EventDocument> Events { get; init; }
}

/// <summary>What would become of a message for one client.</summary>
public sealed record ReceiverDocument
{
    public required string ClientId { get; init; }

    /// <summary>Such as <c>sent</c>, <c>queued</c>, <c>queue_full</c> or <c>denied</c>.</summary>
    public required string Outcome { get; init; }

    public required string Detail { get; init; }

    /// <summary>The Topic Filters that match.</summary>
    public required IReadOnlyList<string> Filters { get; init; }

    public int? Qos { get; init; }

    public required bool IsConnected { get; init; }

    public required long QueuedMessages { get; init; }

    public string? Rule { get; init; }
}

/// <summary>Why a message would arrive or not.</summary>
internal static class ExplainResource
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/explain", Explain).Needs(Scope.Read).Produces<ExplanationDocument>().WithTags("Why").WithSummary("Who would get a message now and who would not, and why; nothing is published");

    private static IResult Explain(
        string topic,
        int? qos,
        bool? retain,
        [FromQuery(Name = "publisher_id")] string? publisherId,
        [FromQuery(Name = "subscriber_id")] string? subscriberId,
        [FromServices] ManagementContext management)
    {
        if (qos is < 0 or > 2) return Problem.BadRequest($"qos is {qos}; allowed is 0, 1 or 2.");

        var explanation = management.Sources.Broker.Explain(new ExplainRequest(topic)
        {
            Qos = (Qos)(qos ?? 0),
            Retain = retain ?? false,
            PublisherId = publisherId,
            SubscriberId = subscriberId,
            ReceiversMax = ManagementLimits.ItemsMax,
        });
        return TypedResults.Ok(new ExplanationDocument
        {
            Problem = explanation.Problem,
            MayPublish = explanation.MayPublish,
            PublishRule = explanation.PublishRule,
            Receivers = [.. explanation.Receivers.Select(ToDocument)],
            ReceiverCount = explanation.ReceiverCount,
            HasRetained = explanation.HasRetained,
            Events = [.. explanation.Events.Select(EventDocument.Of)],
        });
    }

    private static ReceiverDocument ToDocument(Receiver receiver) => new()
    {
        ClientId = receiver.ClientId,
        Outcome = ApiNames.Of(receiver.Outcome.ToString()),
        Detail = receiver.Detail,
        Filters = receiver.Filters,
        Qos = (int?)receiver.Qos,
        IsConnected = receiver.IsConnected,
        QueuedMessages = receiver.QueuedMessages,
        Rule = receiver.Rule,
    };
}
