using System.CommandLine;
using System.Diagnostics;
using Avocet.Cli.Conformance;
using Avocet.Cli.Net;
using Avocet.Protocol;
using Avocet.Protocol.Properties;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet ping</c>: how long each step to a broker takes, and what the broker says of itself.</summary>
internal sealed class PingCommand
{
    private readonly Argument<string> _url = new("url") { Description = "The broker: mqtt://user:password@host:port, mqtts://…, ws://…, wss://…", DefaultValueFactory = _ => "mqtt://localhost:1883" };
    private readonly Option<int> _count = new("--count", "-c", "-C") { Description = "PINGREQs to send.", HelpName = "count", DefaultValueFactory = _ => 5 };
    private readonly Option<double> _interval = new("--interval") { Description = "Seconds between them.", HelpName = "seconds", DefaultValueFactory = _ => 0.2 };
    private readonly Option<double> _timeout = new("--timeout", "-W") { Description = "Seconds that a step may take.", HelpName = "seconds", DefaultValueFactory = _ => 5 };
    private readonly Option<string?> _authority = new("--cafile") { Description = "Authorities to trust, PEM.", HelpName = "file" };
    private readonly Option<bool> _insecure = new("--insecure") { Description = "Take any certificate." };
    private readonly Option<string> _version = new("--protocol-version", "-V") { Description = "5 or 311.", HelpName = "version", DefaultValueFactory = _ => "5" };

    public Command Create()
    {
        var command = new Command("ping", "Measure the way to a broker: name, TCP, TLS, CONNACK, round trips; and show what it offers.") { _url, _count, _interval, _timeout, _authority, _insecure, _version };
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        try
        {
            await PingAsync(parsed, output, cancellationToken);
            return 0;
        }
        catch (Exception exception) when (exception is CommandException or CheckFailedException)
        {
            // What a check says is part of a report's line, and has no full stop.
            await error.WriteLineAsync($"avocet: {exception.Message}{(exception is CheckFailedException ? "." : "")}");
            return 1;
        }
    }

    private async Task PingAsync(ParseResult parsed, TextWriter output, CancellationToken cancellationToken)
    {
        var url = BrokerUrl.Parse(parsed.GetValue(_url)!);
        var (count, interval, seconds) = (parsed.GetValue(_count), parsed.GetValue(_interval), parsed.GetValue(_timeout));
        if (count is < 1 or > 1_000_000) throw new CommandException($"--count is {count}; it is from 1 to 1000000.");
        if (!(interval >= 0 && interval <= 3600)) throw new CommandException($"--interval is {interval}; it is from 0 to 3600.");
        if (!(seconds > 0 && seconds <= 3600)) throw new CommandException($"--timeout is {seconds}; it is more than 0 and at most 3600.");

        var version = parsed.GetValue(_version) switch
        {
            "5" or "5.0" or "mqttv5" => ProtocolVersion.V50,
            "311" or "3.1.1" or "mqttv311" => ProtocolVersion.V311,
            var other => throw new CommandException($"--protocol-version is '{other}'; it is 5 or 311."),
        };
        var options = new ConformanceOptions
        {
            Url = url,
            UserName = url.UserName,
            Password = url.Password,
            Trust = TlsTrust.Read(parsed.GetValue(_authority), null, null, parsed.GetValue(_insecure), null),
            TimeLimit = TimeSpan.FromSeconds(seconds),
        };
        await using var context = new CheckContext(options, version, new BrokerFeatures(), "", cancellationToken);
        var peer = await context.OpenAsync("avocet");
        WriteSteps(url, peer.Connection, output);

        var watch = Stopwatch.StartNew();
        await peer.SendAsync(context.Encode(new RawConnect { Properties = properties => properties.Add(PropertyId.RequestResponseInformation, 1) }, ""));
        var connack = await peer.ExpectAsync(PacketType.Connack);
        if (connack.ConnackCode != 0)
        {
            var reason = version == ProtocolVersion.V50 ? ((ReasonCode)connack.ConnackCode).Describe() : Bench.Connect.DescribeReturnCode(connack.ConnackCode);
            throw new CommandException($"{url} refuses the client: {reason}.{Bench.Connect.AdviceFor(version, connack.ConnackCode).Replace("--username and --password", "user and password in the URL", StringComparison.Ordinal)}");
        }

        await output.WriteLineAsync($"CONNACK     {Milliseconds(watch.Elapsed)}   {version.Describe()}");
        var times = new List<double>();
        for (var i = 0; i < count; i++)
        {
            if (i > 0) await Task.Delay(TimeSpan.FromSeconds(interval), cancellationToken);
            watch.Restart();
            await peer.PingAsync();
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        await output.WriteLineAsync($"PINGRESP    {Milliseconds(TimeSpan.FromMilliseconds(times.Average()))}   {count} round trips: {times.Min():0.000} min, {times.Max():0.000} max");
        if (version == ProtocolVersion.V50) WriteFeatures(connack, output);
        await peer.DisconnectAsync();
    }

    private static void WriteSteps(BrokerUrl url, BrokerStream connection, TextWriter output)
    {
        output.WriteLine($"{url} is {connection.EndPoint}");
        output.WriteLine($"DNS         {Milliseconds(connection.ResolveTime)}");
        output.WriteLine($"TCP         {Milliseconds(connection.ConnectTime)}");
        if (connection.TlsTime is { } tls) output.WriteLine($"TLS         {Milliseconds(tls)}   {connection.TlsDescription}");
        if (connection.WebSocketTime is { } upgrade) output.WriteLine($"WebSocket   {Milliseconds(upgrade)}");
    }

    private static void WriteFeatures(RawPacket connack, TextWriter output)
    {
        var features = BrokerFeatures.Read(connack);
        output.WriteLine("The broker offers:");
        output.WriteLine($"  QoS up to             {(features.Offered.HasFlag(Feature.Qos2) ? 2 : features.Offered.HasFlag(Feature.Qos1) ? 1 : 0)}");
        output.WriteLine($"  retained messages     {YesOrNo(Feature.Retain)}");
        output.WriteLine($"  wildcards             {YesOrNo(Feature.Wildcards)}");
        output.WriteLine($"  shared subscriptions  {YesOrNo(Feature.SharedSubscriptions)}");
        output.WriteLine($"  subscription ids      {YesOrNo(Feature.SubscriptionIds)}");
        output.WriteLine($"  topic aliases         {features.TopicAliasMaximum}");
        output.WriteLine($"  receive maximum       {features.ReceiveMaximum}");
        output.WriteLine($"  packet size           {(connack.Integer(PropertyId.MaximumPacketSize) is { } size ? $"{size} bytes" : "not limited")}");
        output.WriteLine($"  session expiry        {(connack.Integer(PropertyId.SessionExpiryInterval) is { } seconds ? $"{seconds} s" : "as asked for")}");
        output.WriteLine($"  keep alive            {(features.ServerKeepAlive is { } keepAlive ? $"{keepAlive} s" : "as asked for")}");
        if (connack.String(PropertyId.ResponseInformation) is { } information) output.WriteLine($"  response topics       {information}");

        string YesOrNo(Feature feature) => features.Offered.HasFlag(feature) ? "yes" : "no";
    }

    private static string Milliseconds(TimeSpan time) => $"{time.TotalMilliseconds,9:0.000} ms";
}
