using Avocet.Broker.Monitoring.Bandwidth;
using Avocet.Management.Access;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <param name="Name">The client identifier, or the first level of topics; <c>total</c>, or <c>other</c> for those without an entry of their own.</param>
/// <param name="BytesIn">Bytes from clients.</param>
/// <param name="BytesOut">Bytes to clients.</param>
/// <param name="MessagesIn">Messages from clients.</param>
/// <param name="MessagesOut">Messages to clients.</param>
/// <param name="IsRest">Whether it stands for all others.</param>
public sealed record BandwidthItem(string Name, long BytesIn, long BytesOut, long MessagesIn, long MessagesOut, bool IsRest);

/// <param name="Items">Those with the most first.</param>
/// <param name="AliasSavedBytes">What Topic Aliases saved of the bytes out; with the total only.</param>
public sealed record BandwidthDocument(IReadOnlyList<BandwidthItem> Items, long? AliasSavedBytes);

/// <summary>What went over the wire today and this month.</summary>
internal static class BandwidthResource
{
    private static readonly Dictionary<string, BandwidthKind> Kinds = Enum.GetValues<BandwidthKind>().ToDictionary(kind => ApiNames.Of(kind.ToString()));
    private static readonly Dictionary<string, BandwidthPeriod> Periods = Enum.GetValues<BandwidthPeriod>().ToDictionary(period => ApiNames.Of(period.ToString()));

    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/bandwidth", Get).Needs(Scope.Read).Produces<BandwidthDocument>().WithTags("Topics").WithSummary("Bytes and messages of today or this month (UTC), in total, by client, or by the first level of topics");

    private static IResult Get(string? by, string? period, int? limit, [FromServices] ManagementContext management)
    {
        if (!Kinds.TryGetValue(by ?? "total", out var kind)) return Problem.BadRequest($"by '{by}' is not known; there are {string.Join(", ", Kinds.Keys)}.");
        if (!Periods.TryGetValue(period ?? "today", out var time)) return Problem.BadRequest($"period '{period}' is not known; there are {string.Join(", ", Periods.Keys)}.");

        var count = Paging.CheckLimit(limit);
        var broker = management.Sources.Broker;
        if (kind == BandwidthKind.Total)
        {
            var (figures, saved) = broker.GetBandwidth(time);
            return TypedResults.Ok(new BandwidthDocument([ItemOf("total", figures, isRest: false)], saved));
        }

        var shares = broker.GetBandwidth(kind, time);
        // The rest stays the last one, also where the list is cut.
        var named = shares.Where(share => share.Name is not null).Take(count).Select(share => ItemOf(share.Name!, share.Figures, isRest: false)).ToList();
        var rest = shares.Where(share => share.Name is null).Concat(shares.Where(share => share.Name is not null).Skip(count)).Aggregate(default(BandwidthFigures), (sum, share) => sum + share.Figures);
        if (rest != default) named.Add(ItemOf("other", rest, isRest: true));

        return TypedResults.Ok(new BandwidthDocument(named, null));
    }

    private static BandwidthItem ItemOf(string name, BandwidthFigures figures, bool isRest) => new(name, figures.BytesIn, figures.BytesOut, figures.MessagesIn, figures.MessagesOut, isRest);
}
