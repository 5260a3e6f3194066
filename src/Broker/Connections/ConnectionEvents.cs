using System.Text;
using Avocet.Broker.Monitoring.Events;
using Avocet.Broker.Security;
using Avocet.Protocol;

namespace Avocet.Broker.Connections;

/// <summary>Tells what was decided about a connection and what it asked for.</summary>
internal static class ConnectionEvents
{
    public static void AddConnected(Connection connection) => connection.Context.Events.Add(BrokerEventKind.Connected, connection.Identity!, connection.Version, ending: null);

    public static void AddEnded(Connection connection, BrokerEventKind kind, Ending ending)
    {
        var events = connection.Context.Events;
        if (connection.Identity is { } client) events.Add(kind, client, connection.Version, ending);
        else if (events.IsOn) events.Add(Of(connection, kind, ending.Reason, ending.Summary));
    }

    /// <summary>A topic was refused to the client. A client that asks again and again is told of once a second.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="kind">What was refused.</param>
    /// <param name="topic">The topic to tell.</param>
    /// <param name="asked">The topic as rules know it, mount point included and <c>$share/{ShareName}/</c> not; empty where no rule was asked.</param>
    /// <param name="wish">What rules were asked for.</param>
    /// <param name="reason">The Reason Code.</param>
    /// <param name="detail">Why, in words.</param>
    public static void AddRefusal(Connection connection, BrokerEventKind kind, ReadOnlySpan<byte> topic, ReadOnlySpan<byte> asked, AccessWish wish, ReasonCode reason, string detail)
    {
        if (connection.Context.Events.TryCount(kind, connection.ClientId)) return;

        connection.Context.Events.AddRepeated(Of(connection, kind, reason, detail) with
        {
            Topic = Encoding.UTF8.GetString(topic),
            Rule = reason == ReasonCode.NotAuthorized && !asked.IsEmpty && connection.Access is { } access ? access.Explain(asked, wish).Rule : null,
        });
    }

    private static BrokerEvent Of(Connection connection, BrokerEventKind kind, ReasonCode reason, string detail) => new(kind)
    {
        ClientId = connection.Identity?.ClientId ?? connection.Ending?.ClientId,
        UserName = connection.Identity?.UserName,
        Origin = connection.Origin,
        Reason = reason,
        Detail = detail,
    };
}
