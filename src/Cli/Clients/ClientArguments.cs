using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Security.Authentication;
using System.Text;
using Avocet.Cli.Net;
using Avocet.Client;
using Avocet.Protocol;

namespace Avocet.Cli.Clients;

/// <summary>How to connect: the options of mosquitto_pub and mosquitto_sub under their names, and what a profile says.</summary>
internal sealed class ClientArguments
{
    public const string PropertyOption = "--property";

    private const long NeverExpires = uint.MaxValue;

    private readonly Option<string?> _host = new("--host", "-h") { Description = "The broker's host (localhost).", HelpName = "host" };
    private readonly Option<int?> _port = new("--port", "-p") { Description = "Its port (1883; 8883 with TLS).", HelpName = "port" };
    private readonly Option<string?> _url = new("--url", "-L") { Description = "Both, with user and topic: mqtt://user:password@host:port/topic; also mqtts, ws, wss.", HelpName = "url" };
    private readonly Option<string?> _unix = new("--unix") { Description = "A Unix socket instead.", HelpName = "path" };
    private readonly Option<string?> _userName = new("--username", "-u") { Description = "The user name.", HelpName = "name" };
    private readonly Option<string?> _password = new("--pw", "-P") { Description = "The password; better --password-file, --ask-password or AVOCET_MQTT_PASSWORD.", HelpName = "password" };
    private readonly Option<string?> _passwordFile = new("--password-file") { Description = "A file whose first line is the password.", HelpName = "file" };
    private readonly Option<bool> _askPassword = new("--ask-password") { Description = "Ask for the password." };
    private readonly Option<string?> _id = new("--id", "-i") { Description = "The client identifier (random).", HelpName = "id" };
    private readonly Option<string?> _idPrefix = new("--id-prefix", "-I") { Description = "What it begins with; the process follows.", HelpName = "prefix" };
    private readonly Option<string?> _version = new("--protocol-version", "-V") { Description = "5 or 311 (5, and 311 where the broker has no 5).", HelpName = "version" };
    private readonly Option<int?> _keepAlive = new("--keepalive", "-k") { Description = "Keep alive in seconds (60).", HelpName = "seconds" };
    private readonly Option<bool> _persistent = new("--disable-clean-session", "-c") { Description = "Go on with the session of --id, and keep it." };
    private readonly Option<string?> _sessionExpiry = new("--session-expiry-interval", "-x") { Description = "Seconds that the broker keeps the session; -1 for ever.", HelpName = "seconds" };
    private readonly Option<string?> _authority = new("--cafile") { Description = "Authorities to trust, PEM; turns TLS on.", HelpName = "file" };
    private readonly Option<string?> _authorityFolder = new("--capath") { Description = "A folder with such files; turns TLS on.", HelpName = "folder" };
    private readonly Option<string?> _certificate = new("--cert") { Description = "The client's certificate, PEM.", HelpName = "file" };
    private readonly Option<string?> _key = new("--key") { Description = "Its private key, PEM.", HelpName = "file" };
    private readonly Option<bool> _insecure = new("--insecure") { Description = "Take any certificate." };
    private readonly Option<bool> _systemAuthorities = new("--tls-use-os-certs") { Description = "TLS with the authorities of the system." };
    private readonly Option<string?> _alpn = new("--tls-alpn") { Description = "The application protocol to ask for.", HelpName = "protocol" };
    private readonly Option<string?> _tlsVersion = new("--tls-version") { Description = "tlsv1.2 or tlsv1.3 only.", HelpName = "version" };
    private readonly Option<string?> _ciphers = new("--ciphers") { Description = "The cipher suites to allow, with colons between.", HelpName = "names" };
    private readonly Option<string?> _proxy = new("--proxy") { Description = "A SOCKS 5 proxy: socks5h://user:password@host:port.", HelpName = "url" };
    private readonly Option<string?> _localAddress = new("--bind-address", "-A") { Description = "The local address to connect from.", HelpName = "address" };
    private readonly Option<int?> _inFlight = new("--max-inflight", "-M") { Description = "QoS 1 and 2 messages under way at a time.", HelpName = "count" };
    private readonly Option<string?> _willTopic = new("--will-topic") { Description = "The topic of the will.", HelpName = "topic" };
    private readonly Option<string?> _willPayload = new("--will-payload") { Description = "Its payload.", HelpName = "text" };
    private readonly Option<int> _willQos = new("--will-qos") { Description = "Its QoS.", HelpName = "qos" };
    private readonly Option<bool> _willRetain = new("--will-retain") { Description = "Retain it." };
    private readonly Option<string[]> _properties = new(PropertyOption, "-D") { Description = "A property of connect, publish, subscribe or will: -D publish user-property a b.", HelpName = "packet name value", DefaultValueFactory = _ => [] };
    private readonly Option<bool> _debug = new("--debug", "-d") { Description = "Tell on standard error what happens to the connection." };
    private readonly Option<bool> _quiet = new("--quiet") { Description = "No error messages." };

    /// <summary>What mosquitto_pub takes and has no meaning here: it is so anyway.</summary>
    private readonly Option<bool> _noDelay = new("--nodelay") { Hidden = true };
    private readonly Option<string?> _keyForm = new("--keyform") { Hidden = true };

    /// <summary>What mosquitto_pub takes and .NET cannot do, with what to do instead.</summary>
    private readonly (Option<string?> Option, string Instead)[] _impossible =
    [
        (new("--psk") { Hidden = true }, "TLS with a pre-shared key is not in .NET. Use a certificate (--cert, --key), or a password over TLS"),
        (new("--psk-identity") { Hidden = true }, "TLS with a pre-shared key is not in .NET. Use a certificate (--cert, --key), or a password over TLS"),
        (new("--tls-engine") { Hidden = true }, "OpenSSL's engines are not in .NET. Give the key as a file (--key)"),
        (new("--tls-engine-kpass-sha1") { Hidden = true }, "OpenSSL's engines are not in .NET. Give the key as a file (--key)"),
    ];

    private readonly Option<string?> _profile = CreateProfile();

    /// <summary>Before the command: <c>avocet --profile home sub '#'</c>.</summary>
    public static Option<string?> Profile { get; } = CreateProfile();

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[
            _host, _port, _url, _unix, _userName, _password, _passwordFile, _askPassword, _id, _idPrefix, _version, _keepAlive, _persistent, _sessionExpiry, _authority, _certificate,
            _key, _insecure, _systemAuthorities, _alpn, _tlsVersion, _ciphers, _authorityFolder, _proxy, _localAddress, _inFlight, _willTopic, _willPayload, _willQos, _willRetain,
            _properties, _profile, _debug, _quiet, _noDelay, _keyForm, .. _impossible.Select(one => one.Option)])
        {
            command.Options.Add(option);
        }
    }

    /// <exception cref="CommandException">An option is wrong.</exception>
    public ClientSettings Read(ParseResult parsed)
    {
        foreach (var (option, instead) in _impossible)
        {
            if (parsed.GetValue(option) is not null) throw new CommandException($"{option.Name}: {instead}.");
        }

        if (parsed.GetValue(_keyForm) is { } form and not "pem") throw new CommandException($"--keyform is '{form}'; the key is to be a PEM file.");

        var profile = ProfileFile.Find(parsed.GetValue(_profile) ?? parsed.GetValue(Profile) ?? Environment.GetEnvironmentVariable("AVOCET_PROFILE"));
        var (server, user, password, topic) = Address(parsed, profile);
        var userName = parsed.GetValue(_userName) ?? profile.GetValueOrDefault("username") ?? user;
        password = Password(parsed, profile, userName) ?? password;
        if (password is not null && userName is null && VersionOf(parsed, profile) == ProtocolVersion.V311) throw new CommandException("A password takes a user name in 3.1.1; give --username.");

        var properties = parsed.GetValue(_properties) ?? [];
        var connect = PacketProperties.Of("connect", properties);
        var isPersistent = parsed.GetValue(_persistent);
        var id = parsed.GetValue(_id) ?? profile.GetValueOrDefault("id");
        if ((parsed.GetValue(_idPrefix) ?? profile.GetValueOrDefault("id-prefix")) is { } prefix && id is null) id = string.Create(CultureInfo.InvariantCulture, $"{prefix}{Environment.ProcessId}");
        if (isPersistent && string.IsNullOrEmpty(id)) throw new CommandException("-c goes on with the session of a client identifier; give it with --id.");

        var options = new MqttClientOptions
        {
            Server = server,
            ClientId = id,
            UserName = userName,
            Password = password,
            ProtocolVersion = VersionOf(parsed, profile) ?? ProtocolVersion.V50,
            FallsBackTo311 = VersionOf(parsed, profile) is null,
            CleanStart = !isPersistent,
            SessionExpiry = SessionExpiry(parsed, connect, isPersistent),
            KeepAlive = TimeSpan.FromSeconds(Integer("--keepalive", parsed.GetValue(_keepAlive)?.ToString(CultureInfo.InvariantCulture) ?? profile.GetValueOrDefault("keepalive") ?? "60", 0, ushort.MaxValue)),
            ReceiveMaximum = (int)(connect.Number("receive-maximum", 1, ushort.MaxValue) ?? 1024),
            MaximumPacketSize = (int)(connect.Number("maximum-packet-size", 128, Limits.RemainingLengthMax) ?? Limits.RemainingLengthMax),
            TopicAliasMaximum = (int)(connect.Number("topic-alias-maximum", 0, ushort.MaxValue) ?? 64),
            InFlightMax = parsed.GetValue(_inFlight) is { } count ? (int)Integer("--max-inflight", count.ToString(CultureInfo.InvariantCulture), 1, ushort.MaxValue) : ushort.MaxValue,
            LocalAddress = LocalAddress(parsed.GetValue(_localAddress)),
            Proxy = Proxy(parsed.GetValue(_proxy) ?? profile.GetValueOrDefault("proxy")),
            PropagatesTraceContext = false,
            Will = Will(parsed, PacketProperties.Of("will", properties)),
        };
        foreach (var pair in connect.UserProperties) options.UserProperties.Add(pair);
        SetTls(parsed, profile, options.Tls);
        return new ClientSettings(options, properties) { Topic = topic, IsDebug = parsed.GetValue(_debug), IsQuiet = parsed.GetValue(_quiet) };
    }

    public static int Qos(string option, int value) => value is >= 0 and <= 2 ? value : throw new CommandException($"{option} is {value}; it is 0, 1 or 2.");

    private (Uri Server, string? User, string? Password, string? Topic) Address(ParseResult parsed, IReadOnlyDictionary<string, string> profile)
    {
        if (parsed.GetValue(_unix) is { } path) return (new Uri("unix://" + Uri.EscapeDataString(Path.GetFullPath(path)).Replace("%2F", "/", StringComparison.Ordinal)), null, null, null);

        var host = parsed.GetValue(_host);
        var text = parsed.GetValue(_url) ?? (host is null ? profile.GetValueOrDefault("url") : null);
        var wantsTls = parsed.GetValue(_systemAuthorities) || parsed.GetValue(_authority) is not null || parsed.GetValue(_authorityFolder) is not null || parsed.GetValue(_certificate) is not null || (text is not null && profile.ContainsKey("cafile") && !text.Contains("://", StringComparison.Ordinal));
        var url = BrokerUrl.Parse(text ?? (wantsTls ? "mqtts://" : "mqtt://") + (host is { } name && name.Contains(':', StringComparison.Ordinal) ? $"[{name}]" : host ?? "localhost"));
        if (parsed.GetValue(_port) is { } port) url = url with { Port = port is >= 1 and <= ushort.MaxValue ? port : throw new CommandException($"--port is {port}; it is from 1 to 65535.") };
        if (wantsTls && url.Scheme == "mqtt") url = url with { Scheme = "mqtts" };
        return (new Uri(url.ToString()), url.UserName, url.Password, url.IsWebSocket || url.Path.Length == 0 ? null : url.Path);
    }

    private string? Password(ParseResult parsed, IReadOnlyDictionary<string, string> profile, string? userName)
    {
        if (parsed.GetValue(_password) is { } given) return given;
        if (parsed.GetValue(_passwordFile) is { } file) return Passwords.FromFile(file);
        if (parsed.GetValue(_askPassword)) return PasswordInput.Read(userName is null ? "Password: " : $"Password of {userName}: ", parsed);
        if (profile.GetValueOrDefault("password-file") is { } profileFile) return Passwords.FromFile(Expand(profileFile));
        if (profile.GetValueOrDefault("password-env") is { } variable) return Passwords.FromEnvironment(variable);

        return profile.GetValueOrDefault("password") ?? Environment.GetEnvironmentVariable(Passwords.EnvironmentVariable);
    }

    private ProtocolVersion? VersionOf(ParseResult parsed, IReadOnlyDictionary<string, string> profile) => (parsed.GetValue(_version) ?? profile.GetValueOrDefault("mqtt")) switch
    {
        null => null,
        "5" or "5.0" or "mqttv5" => ProtocolVersion.V50,
        "311" or "3.1.1" or "4" or "mqttv311" => ProtocolVersion.V311,
        var other => throw new CommandException($"--protocol-version is '{other}'; it is 5 or 311."),
    };

    private TimeSpan SessionExpiry(ParseResult parsed, PacketProperties connect, bool isPersistent)
    {
        if (parsed.GetValue(_sessionExpiry) is not { } text) return connect.Seconds("session-expiry-interval") ?? TimeSpan.FromSeconds(isPersistent ? NeverExpires : 0);

        return TimeSpan.FromSeconds(text is "-1" or "∞" ? NeverExpires : Integer("--session-expiry-interval", text, 0, NeverExpires));
    }

    private Will? Will(ParseResult parsed, PacketProperties properties)
    {
        if (parsed.GetValue(_willTopic) is not { } topic)
        {
            var isAsked = parsed.GetValue(_willPayload) is not null || parsed.GetValue(_willRetain) || !properties.IsEmpty;
            return isAsked ? throw new CommandException("A will takes a topic; give --will-topic.") : null;
        }

        return new Will
        {
            Topic = topic,
            Payload = Encoding.UTF8.GetBytes(parsed.GetValue(_willPayload) ?? ""),
            Qos = (Qos)Qos("--will-qos", parsed.GetValue(_willQos)),
            Retain = parsed.GetValue(_willRetain),
            Delay = properties.Seconds("will-delay-interval") ?? TimeSpan.Zero,
            MessageExpiry = properties.MessageExpiry,
            ContentType = properties.ContentType,
            IsUtf8 = properties.IsUtf8,
            ResponseTopic = properties.ResponseTopic,
            CorrelationData = properties.CorrelationData,
            UserProperties = properties.UserProperties,
        };
    }

    private void SetTls(ParseResult parsed, IReadOnlyDictionary<string, string> profile, TlsOptions tls)
    {
        var trust = TlsTrust.Read(
            parsed.GetValue(_authority) ?? Expand(profile.GetValueOrDefault("cafile")),
            parsed.GetValue(_certificate) ?? Expand(profile.GetValueOrDefault("cert")),
            parsed.GetValue(_key) ?? Expand(profile.GetValueOrDefault("key")),
            parsed.GetValue(_insecure) || profile.GetValueOrDefault("insecure") == "true",
            parsed.GetValue(_alpn) ?? profile.GetValueOrDefault("tls-alpn"),
            parsed.GetValue(_authorityFolder));
        if (trust.Authorities is not null) tls.CertificateAuthorities.AddRange(trust.Authorities);
        tls.ClientCertificate = trust.Certificate;
        if (trust.ApplicationProtocol is { } protocol) tls.ApplicationProtocols.Add(protocol);
        tls.Protocols = parsed.GetValue(_tlsVersion) switch
        {
            null => SslProtocols.None,
            "tlsv1.3" => SslProtocols.Tls13,
            "tlsv1.2" => SslProtocols.Tls12,
            var other => throw new CommandException($"--tls-version is '{other}'; it is tlsv1.2 or tlsv1.3. Older versions are not safe."),
        };
        foreach (var suite in CipherSuites.Parse(parsed.GetValue(_ciphers))) tls.CipherSuites.Add(suite);
        tls.ServerCertificateValidation = trust.OptionsFor("").RemoteCertificateValidationCallback;
    }

    private static Option<string?> CreateProfile() => new("--profile") { Description = "Where to connect, by its name in the config file.", HelpName = "name" };

    private static IPAddress? LocalAddress(string? text) => text is null
        ? null
        : IPAddress.TryParse(text, out var address) ? address : throw new CommandException($"--bind-address is '{text}'; it is an IP address of this machine.");

    private static Uri? Proxy(string? text) => text is null
        ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var proxy) ? proxy : throw new CommandException($"--proxy is '{text}'; it reads socks5h://host:1080.");

    private static long Integer(string option, string text, long min, long max) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw new CommandException($"{option} is '{text}'; it is from {min} to {max}.");

    private static string Expand(string? path) => path is not null && path.StartsWith("~/", StringComparison.Ordinal)
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path[2..])
        : path!;
}
