using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Avocet.Protocol;

namespace Avocet.Cli.Bench;

/// <summary>The options of one subcommand, their defaults and bounds.</summary>
internal sealed class BenchArguments
{
    private const int PortDefault = 1883;
    private const long OfflineMessagesDefault = 1000;
    private const double SecondsDefault = 10;
    private const double StallDefault = 5;
    private const double StallMin = 0.05;
    private const double StallMax = 600;
    private const double SecondsMax = 86_400;
    private const double RateMax = 5_000_000;
    private const long MessagesMax = 10_000_000_000;
    private const int ConnectionsMax = 100_000;
    private const int CountMax = NumberedTopic.NumberMax / 10;
    private const int PayloadMax = 16 * 1024 * 1024;
    private const int OutstandingMax = 10_000_000;

    private readonly string _scenario;
    private readonly Defaults _defaults;
    private readonly Option<string> _host = new("--host") { Description = "The broker's host.", DefaultValueFactory = _ => "127.0.0.1" };
    private readonly Option<int> _port = new("--port", "-p") { Description = "The broker's port.", DefaultValueFactory = _ => PortDefault };
    private readonly Option<string?> _url = new("--url") { Description = "Instead of host and port: mqtt://user:password@host:port.", HelpName = "url" };
    private readonly Option<string?> _userName = new("--username", "-u") { Description = "The user name." };
    private readonly Option<string?> _password = new("--password", "-P") { Description = "The password." };
    private readonly Option<string> _version = new("--mqtt") { Description = "The version: 3.1.1 or 5.", DefaultValueFactory = _ => "3.1.1" };
    private readonly Option<int> _qos;
    private readonly Option<int> _payload = new("--payload") { Description = $"Bytes of each payload, from {MessageHead.Size}.", DefaultValueFactory = _ => 64 };
    private readonly Option<long?> _messages = new("--messages", "-n") { Description = "Ends after so many messages of all publishers, or cycles." };
    private readonly Option<double?> _seconds = new("--seconds", "-t") { Description = "Ends after this time; for conn, holds the connections so long." };
    private readonly Option<double> _warmup = new("--warmup") { Description = "Seconds of the same load before, which do not count." };
    private readonly Option<int> _window = new("--window") { Description = "QoS 1 and 2 messages of a publisher not yet acknowledged.", DefaultValueFactory = _ => 100 };
    private readonly Option<int?> _outstanding = new("--outstanding")
    {
        Description = "Messages of all publishers not yet received; publishers pause there, so that no broker drops (default 5000, less if they are large).",
    };

    private readonly Option<double> _stall = new("--stall")
    {
        Description = "Seconds without any progress, after which what is missing counts as lost.",
        DefaultValueFactory = _ => StallDefault,
    };

    private readonly Option<double> _rate;
    private readonly Option<int> _clients;
    private readonly Option<int> _publishers;
    private readonly Option<int> _subscribers;
    private readonly Option<int> _count;
    private readonly Option<uint> _sessionExpiry = new("--session-expiry") { Description = "Seconds that the sessions are kept; before MQTT 5 any number makes them persistent." };
    private readonly Option<string?> _topic = new("--topic") { Description = "pub: what topics begin with (default bench); sub: the filter (default bench/#); retain: what topics begin with." };
    private readonly Option<bool> _keep = new("--keep") { Description = "Leave sessions and retained messages with the broker." };
    private readonly Option<bool> _check = new("--check") { Description = "Follow the numbers of the messages of one 'avocet bench pub'." };
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object." };
    private readonly Option<bool> _mark = new("--mark") { Description = "Say on standard error when a measured phase begins and ends: MARK begin NAME." };

    public BenchArguments(string scenario)
    {
        _scenario = scenario;
        _defaults = Defaults.Of(scenario);
        _qos = new("--qos", "-q") { Description = "0, 1 or 2.", DefaultValueFactory = _ => _defaults.Qos };
        _rate = new("--rate", "-r") { Description = "Messages a second of all publishers; 0 is as fast as it goes.", DefaultValueFactory = _ => _defaults.Rate };
        _clients = new("--clients", "-c") { Description = "Connections; for pair and latency, pairs of them.", DefaultValueFactory = _ => _defaults.Clients };
        _publishers = new("--publishers") { Description = "Publishing connections.", DefaultValueFactory = _ => _defaults.Publishers };
        _subscribers = new("--subscribers") { Description = "Subscribing connections.", DefaultValueFactory = _ => _defaults.Subscribers };
        _count = new("--count") { Description = "Filters, or retained messages.", DefaultValueFactory = _ => _defaults.Count };
    }

    private bool HasMessages => _scenario is not ("conn" or "sub");

    private bool HasFlow => _scenario is not ("conn" or "churn" or "sub");

    public void AddTo(Command command)
    {
        List<Option> options = [_host, _port, _url, _userName, _password, _version];
        if (_scenario != "conn") options.Add(_qos);
        if (HasMessages) options.Add(_payload);
        if (_scenario is not ("conn" or "retain")) options.Add(_messages);
        if (_scenario is not ("retain" or "offline")) options.Add(_seconds);
        if (_scenario is "pub" or "pair" or "fanin" or "fanout" or "latency" or "churn") options.Add(_warmup);
        if (HasFlow) options.Add(_window);
        if (_scenario is "pair" or "fanin" or "fanout" or "latency" or "filters") options.Add(_outstanding);
        if (_scenario is "pub" or "pair" or "fanin" or "fanout" or "latency") options.Add(_rate);
        if (_defaults.Clients > 0) options.Add(_clients);
        if (_defaults.Publishers > 0) options.Add(_publishers);
        if (_defaults.Subscribers > 0) options.Add(_subscribers);
        if (_defaults.Count > 0) options.Add(_count);
        if (HasFlow) options.Add(_stall);
        if (_scenario is "conn") options.Add(_sessionExpiry);
        if (_scenario is "pub" or "sub" or "retain") options.Add(_topic);
        if (_scenario is "conn" or "retain" or "offline") options.Add(_keep);
        if (_scenario is "sub") options.Add(_check);
        options.AddRange([_json, _mark]);
        foreach (var option in options) command.Options.Add(option);
    }

    /// <exception cref="BenchException">A value is out of its bounds, or the host is unknown.</exception>
    public async Task<BenchOptions> ReadAsync(ParseResult parsed)
    {
        var messages = Check(parsed, _messages, 1, MessagesMax);
        var seconds = Check(parsed, _seconds, 0.001, SecondsMax);
        if (_scenario == "offline") messages ??= OfflineMessagesDefault;
        if (messages is null && seconds is null && _scenario is not ("conn" or "retain")) seconds = SecondsDefault;

        var qos = (Qos)Check(parsed, _qos, _defaults.QosMin, 2);
        return new BenchOptions
        {
            Scenario = _scenario,
            Settings = await ReadSettingsAsync(parsed),
            Qos = qos,
            PayloadBytes = Check(parsed, _payload, MessageHead.Size, PayloadMax),
            Messages = messages,
            Seconds = seconds,
            WarmupSeconds = Check(parsed, _warmup, 0, SecondsMax),
            Publishers = Check(parsed, _publishers, 1, ConnectionsMax),
            Subscribers = Check(parsed, _subscribers, 1, ConnectionsMax),
            Clients = Check(parsed, _clients, 1, ConnectionsMax),
            Count = Check(parsed, _count, 1, CountMax),
            Window = Check(parsed, _window, 1, ushort.MaxValue),
            Outstanding = Check(parsed, _outstanding, 1, OutstandingMax),
            Rate = Check(parsed, _rate, _scenario == "latency" ? 0.001 : 0, RateMax),
            Stall = TimeSpan.FromSeconds(Check(parsed, _stall, StallMin, StallMax)),
            SessionExpirySeconds = parsed.GetValue(_sessionExpiry),
            Topic = parsed.GetValue(_topic) ?? (_scenario switch { "pub" => "bench", "sub" => "bench/#", _ => null }),
            IsKept = parsed.GetValue(_keep),
            IsChecking = parsed.GetValue(_check),
            IsJson = parsed.GetValue(_json),
            IsMarked = parsed.GetValue(_mark),
        };
    }

    private async Task<ClientSettings> ReadSettingsAsync(ParseResult parsed)
    {
        var (host, port) = (parsed.GetValue(_host)!, Check(parsed, _port, 1, ushort.MaxValue));
        var (userName, password) = (parsed.GetValue(_userName), parsed.GetValue(_password));
        if (parsed.GetValue(_url) is { } text)
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme != "mqtt") throw new BenchException($"--url is '{text}'; it reads mqtt://host:port.");

            (host, port) = (url.DnsSafeHost, url.Port < 0 ? PortDefault : url.Port);
            if (url.UserInfo.Length > 0)
            {
                var parts = url.UserInfo.Split(':', 2);
                userName = Uri.UnescapeDataString(parts[0]);
                password = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : password;
            }
        }

        var version = parsed.GetValue(_version) switch
        {
            "3.1.1" or "4" => ProtocolVersion.V311,
            "5" or "5.0" => ProtocolVersion.V50,
            var other => throw new BenchException($"--mqtt is '{other}'; it is 3.1.1 or 5."),
        };
        return new ClientSettings
        {
            EndPoint = new IPEndPoint(await ResolveAsync(host), port),
            Version = version,
            UserName = userName,
            Password = password,
            RunId = $"b{RandomNumberGenerator.GetHexString(6, lowercase: true)}",
        };
    }

    private static async Task<IPAddress> ResolveAsync(string host)
    {
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host);
            return Array.Find(addresses, address => address.AddressFamily == AddressFamily.InterNetwork) ?? addresses[0];
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            throw new BenchException($"The host '{host}' is not known: {exception.Message.TrimEnd('.')}.");
        }
    }

    private static T Check<T>(ParseResult parsed, Option<T> option, T min, T max)
        where T : struct, IComparable<T> => Has(parsed, option) ? Check(option.Name, parsed.GetValue(option), min, max) : default;

    private static T? Check<T>(ParseResult parsed, Option<T?> option, T min, T max)
        where T : struct, IComparable<T> => parsed.GetValue(option) is { } value ? Check(option.Name, value, min, max) : null;

    private static bool Has(ParseResult parsed, Option option) => parsed.CommandResult.Command.Options.Contains(option);

    private static T Check<T>(string name, T value, T min, T max)
        where T : struct, IComparable<T>
    {
        if (value.CompareTo(min) >= 0 && value.CompareTo(max) <= 0) return value;

        throw new BenchException(string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; it is from {min} to {max}."));
    }

    /// <summary>What a scenario has; 0 where it has none.</summary>
    private sealed record Defaults(int Clients = 0, int Publishers = 0, int Subscribers = 0, int Count = 0, int Qos = 0, int QosMin = 0, double Rate = 0)
    {
        public static Defaults Of(string scenario) => scenario switch
        {
            "conn" => new(Clients: 1000),
            "churn" => new(Clients: 10),
            "pub" => new(Publishers: 10),
            "sub" => new(Subscribers: 1),
            "pair" => new(Clients: 10),
            "fanin" => new(Publishers: 50),
            "fanout" => new(Subscribers: 100),
            "latency" => new(Clients: 1, Rate: 1000),
            "filters" => new(Clients: 100, Publishers: 4, Count: 100_000),
            "retain" => new(Publishers: 4, Count: 100_000, Qos: 1, QosMin: 1),
            "offline" => new(Publishers: 4, Subscribers: 10, Qos: 1, QosMin: 1),
            _ => new(),
        };
    }
}
