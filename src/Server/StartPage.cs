using System.Globalization;
using System.Net;
using System.Reflection;
using Avocet.Broker;
using Avocet.Server.Configuration;
using Avocet.Server.Transports;
using Microsoft.Extensions.Logging;

namespace Avocet.Server;

/// <summary>What the log shows first: who listens where, and what to try.</summary>
internal static class StartPage
{
    public static string Version { get; } =
        typeof(StartPage).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    public static void Write(ILogger logger, AvocetServer server, IReadOnlyList<ListenerEndpoint> endpoints)
    {
        WriteData(logger, server);
        foreach (var endpoint in endpoints)
        {
            var admission = endpoint.AllowsAnonymous ? "anyone may connect" : "clients log in";
            Log.Listening(logger, endpoint.Options.Name, Address(endpoint), admission);
        }

        var plain = endpoints.FirstOrDefault(endpoint => endpoint.Options.Transport == ListenerTransport.Tcp && !endpoint.Options.ProxyProtocol);
        if (plain?.BoundEndPoint is IPEndPoint bound)
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"-h {Reachable(bound.Address)} -p {bound.Port}");
            Log.TrySubscribe(logger, $"mosquitto_sub {place} -v -t 'home/#'");
            Log.TryPublish(logger, $"mosquitto_pub {place} -t home/livingroom/temperature -m 22.5");
        }

        Log.Ready(logger);
    }

    private static void WriteData(ILogger logger, AvocetServer server)
    {
        if (server.StoreLocation is not { } location)
        {
            Log.DataInMemory(logger);
            return;
        }

        var durability = server.Options.Broker.Durability;
        var survives = durability switch
        {
            Durability.Fsync => "a power cut",
            Durability.Os => "the end of this process, not a power cut",
            _ => "an orderly stop",
        };
        Log.DataKept(logger, location, survives, ConfigurationKeys.NameOf(durability));
    }

    public static string Address(ListenerEndpoint endpoint)
    {
        var options = endpoint.Options;
        var place = endpoint.BoundEndPoint is IPEndPoint bound && options.Address == "*"
            ? string.Create(CultureInfo.InvariantCulture, $"*:{bound.Port}")
            : endpoint.BoundEndPoint.ToString();
        return options.Transport switch
        {
            ListenerTransport.Tcp => $"mqtt://{place}",
            ListenerTransport.Tls => $"mqtts://{place}",
            ListenerTransport.Ws or ListenerTransport.Wss => $"{options.TransportName}://{place}{options.EffectivePath}",
            _ => $"Unix socket {options.Path}",
        };
    }

    private static string Reachable(IPAddress address)
    {
        var isAny = address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
        return isAny ? "127.0.0.1" : address.ToString();
    }
}
