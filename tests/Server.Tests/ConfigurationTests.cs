using System.Reflection;
using System.Security.Authentication;
using Avocet.Broker;
using Avocet.Protocol;
using Avocet.Server.Configuration;
using Avocet.Server.Tests.Support;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Avocet.Server.Tests;

public sealed class ConfigurationTests
{
    [Fact]
    public void Nothing_configured_gives_the_defaults_on_this_machine_only()
    {
        var options = Read(new ConfigurationInput());

        Assert.Equal(new BrokerOptions(), options.Broker);
        Assert.Equal(["tcp tcp 127.0.0.1:1883", "ws ws 127.0.0.1:8083"], options.Listeners.Select(Describe));
        Assert.All(options.Listeners, listener => Assert.True(listener.IsLocalOnly));
        Assert.Equal("/mqtt", options.Listeners[1].EffectivePath);
    }

    [Fact]
    public void File_sets_every_kind_of_value()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("avocet.toml", """
            data = "/var/lib/avocet"          # a comment
            log_level = "warning"
            log_format = "json"
            shutdown_timeout_seconds = 3
            limits = { packet_size_max = 1_048_576, connections_max = 7 }
            session.queue_overflow = "drop_oldest"

            [mqtt]
            maximum_qos = 1
            retain_available = false
            response_information = 'reply/${clientid}'

            [[listener]]
            name = "plant"
            address = "::1"
            port = 1884
            allow_anonymous = false
            mount_point = "site1/"
            connections_max = 9
            proxy_protocol = true

            [[listener]]
            name = "wss"
            path = "/ws"
            tls_version_min = "1.3"
            subprotocol_required = false

            [[listener.certificate]]
            file = "a.pem"
            key_file = "a.key"
            password = "secret"

            [[listener.certificate]]
            file = "/etc/b.pfx"
            password_file = "b.password"
            """);

        var options = Read(new ConfigurationInput { FilePath = file });

        Assert.Equal("/var/lib/avocet", options.DataFolder);
        Assert.Equal(LogLevel.Warning, options.LogLevel);
        Assert.Equal(LogFormat.Json, options.LogFormat);
        Assert.Equal(3, options.ShutdownTimeoutSeconds);
        Assert.Equal(
            new BrokerOptions
            {
                PacketSizeMax = 1_048_576,
                ConnectionsMax = 7,
                QueueOverflow = QueueOverflow.DropOldest,
                MaximumQos = Qos.AtLeastOnce,
                RetainAvailable = false,
                ResponseInformation = "reply/${clientid}",
            },
            options.Broker);
        var plant = options.Listeners[0];
        Assert.Equal("plant tcp ::1:1884", Describe(plant));
        Assert.Equal((false, "site1/", 9, true), (plant.AllowAnonymous, plant.MountPoint, plant.ConnectionsMax, plant.ProxyProtocol));
        var wss = options.Listeners[1];
        Assert.Equal("wss wss 127.0.0.1:8084", Describe(wss));
        Assert.Equal(("/ws", SslProtocols.Tls13, false), (wss.Path, wss.TlsVersionMin, wss.SubprotocolRequired));
        Assert.Equal((folder.File("a.pem"), folder.File("a.key"), "secret"), (wss.Certificates[0].File, wss.Certificates[0].KeyFile, wss.Certificates[0].Password));
        Assert.Equal(("/etc/b.pfx", folder.File("b.password")), (wss.Certificates[1].File, wss.Certificates[1].PasswordFile));
    }

    [Fact]
    public void Later_sources_win_and_every_value_knows_its_own()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("avocet.toml", "log_level = \"error\"\n[limits]\nreceive_maximum = 1\ntopic_alias_maximum = 1\ntopic_levels_max = 1\n");
        var configuration = ServerConfiguration.Read(new ConfigurationInput
        {
            FilePath = file,
            Environment = new Dictionary<string, string>
            {
                ["AVOCET_LIMITS__TOPIC_ALIAS_MAXIMUM"] = "2",
                ["AVOCET_LIMITS__TOPIC_LEVELS_MAX"] = "2",
                ["AVOCET_LOG_LEVEL"] = "warning",
            },
            Assignments = ["limits.topic_levels_max=3", "log_level=info"],
            LogLevel = "debug",
        });

        Assert.Empty(configuration.Errors);
        var shown = configuration.ToToml();
        AssertShown(shown, "log_level = \"debug\"", "--log-level");
        AssertShown(shown, "receive_maximum = 1", $"{file}:3");
        AssertShown(shown, "topic_alias_maximum = 2", "AVOCET_LIMITS__TOPIC_ALIAS_MAXIMUM");
        AssertShown(shown, "topic_levels_max = 3", "--set");
        AssertShown(shown, "inflight_max = 256", "default");
    }

    [Fact]
    public void Variable_names_the_file_and_the_option_wins()
    {
        using var folder = new TemporaryFolder();
        var environment = new Dictionary<string, string> { ["AVOCET_CONFIG"] = folder.Write("a.toml", "shutdown_timeout_seconds = 1") };

        Assert.Equal(1, Read(new ConfigurationInput { Environment = environment }).ShutdownTimeoutSeconds);
        var file = folder.Write("b.toml", "shutdown_timeout_seconds = 2");
        Assert.Equal(2, Read(new ConfigurationInput { Environment = environment, FilePath = file }).ShutdownTimeoutSeconds);
    }

    [Theory]
    [InlineData("AVOCET_SERVICE_HOST", "10.0.0.7")]
    [InlineData("AVOCET_SERVICE_PORT_MQTT", "1883")]
    [InlineData("AVOCET_PORT", "tcp://10.0.0.7:1883")]
    [InlineData("AVOCET_PORT_1883_TCP_ADDR", "10.0.0.7")]
    [InlineData("AVOCET_API_KEY", "avocet_x")]
    [InlineData("AVOCET_CLI_CONFIG", "/home/anna/avocet.toml")]
    [InlineData("AVOCET_MQTT_PASSWORD", "secret")]
    [InlineData("AVOCET_PROFILE", "home")]
    public void Variables_of_a_container_platform_and_of_the_tools_are_no_keys(string variable, string value)
    {
        Read(new ConfigurationInput { Environment = new Dictionary<string, string> { [variable] = value } });
    }

    [Fact]
    public void Listeners_can_be_changed_and_added_by_name()
    {
        var options = Read(new ConfigurationInput
        {
            Environment = new Dictionary<string, string>
            {
                ["AVOCET_LISTENER__TCP__PORT"] = "1884",
                ["AVOCET_LISTENER__UNIX__PATH"] = "/run/avocet.sock",
            },
            Assignments = ["listener.ws.port=0", "listener.second.port=auto"],
        });

        Assert.Equal(["tcp tcp 127.0.0.1:1884", "ws ws 127.0.0.1:0", "unix unix /run/avocet.sock", "second tcp 127.0.0.1:auto"], options.Listeners.Select(Describe));
        Assert.True(options.Listeners[1].IsOff);
    }

    [Fact]
    public void Certificates_bring_the_encrypted_listeners()
    {
        var options = Read(new ConfigurationInput { Assignments = ["certificate.0.file=a.pem", "certificate.0.key_file=a.key"] });

        Assert.Equal(["tcp", "ws", "tls", "wss"], options.Listeners.Select(listener => listener.Name));
        Assert.Equal(["1883", "8083", "8883", "8084"], options.Listeners.Select(listener => listener.EffectivePort.ToString()));
        Assert.Equal("a.key", Assert.Single(options.Certificates).KeyFile);
    }

    [Fact]
    public void Options_for_ports_and_addresses_apply_to_listeners()
    {
        var options = Read(new ConfigurationInput { Bind = "*", Port = "1999", WebSocketPort = "0", AllowAnonymous = true, DataFolder = "here" });

        Assert.Equal(["tcp tcp *:1999", "ws ws *:0"], options.Listeners.Select(Describe));
        Assert.All(options.Listeners, listener => Assert.True(listener.AllowAnonymous));
        Assert.Equal("here", options.DataFolder);
    }

    [Fact]
    public void Port_option_adds_the_listener_that_the_file_lacks()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("avocet.toml", "[[listener]]\nname = \"web\"\ntransport = \"ws\"\n");

        Assert.Equal(["web ws 127.0.0.1:8083", "tcp tcp 127.0.0.1:1999"], Read(new ConfigurationInput { FilePath = file, Port = "1999" }).Listeners.Select(Describe));
        Assert.Equal(["web ws 127.0.0.1:8083"], Read(new ConfigurationInput { FilePath = file, Port = "0" }).Listeners.Select(Describe));
    }

    [Fact]
    public void Shown_configuration_is_toml_that_gives_the_same_again_without_its_passwords()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("avocet.toml", "[[listener]]\nname = \"tls\"\n[[certificate]]\nfile = \"a\\\\b.pem\"\npassword = \"hunter2\"\n");
        var first = ServerConfiguration.Read(new ConfigurationInput { FilePath = file });
        var shown = first.ToToml();

        var second = ServerConfiguration.Read(new ConfigurationInput { FilePath = folder.Write("shown.toml", shown) });

        Assert.Empty(second.Errors);
        Assert.Equal(first.Options.Broker, second.Options.Broker);
        Assert.Equal(first.Options.Certificates[0].File, second.Options.Certificates[0].File);
        Assert.DoesNotContain("hunter2", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", first.Options.Certificates[0].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Durability_is_set_for_all_and_for_topics()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("avocet.toml", """
            durability = "os"

            [[durability_for]]
            filter = "telemetry/#"
            level = "none"

            [[durability_for]]
            filter = "orders/+/state"
            level = "fsync"
            """);

        var options = Read(new ConfigurationInput { FilePath = file, Assignments = ["durability_for.1.level=os", "limits.receive_maximum=5"] }).Broker;

        Assert.Equal(Durability.Os, options.Durability);
        Assert.Equal(5, options.ReceiveMaximum);
        Assert.Equal(["telemetry/# None", "orders/+/state Os"], options.TopicDurabilities.Select(exception => $"{exception.Filter} {exception.Durability}"));
    }

    [Fact]
    public void No_data_folder_is_a_choice()
    {
        Assert.Equal("avocet-data", Read(new ConfigurationInput()).DataFolder);
        Assert.Equal("", Read(new ConfigurationInput { DataFolder = "" }).DataFolder);
        Assert.Equal("", Read(new ConfigurationInput { Assignments = ["data="] }).DataFolder);
    }

    [Fact]
    public void Every_broker_option_has_a_key()
    {
        var keys = new Section[] { ConfigurationKeys.Limits, ConfigurationKeys.Session, ConfigurationKeys.Mqtt }.SelectMany(section => section.Keys.Select(key => key.Name));
        var elsewhere = new[] { ConfigurationKeys.Root.FindKey("durability")!.Name };
        // An array of tables, not a key.
        var tables = new[] { SnakeCase(nameof(BrokerOptions.TopicDurabilities)) };
        var properties = typeof(BrokerOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance);

        // What limits the whole process is not the broker's own.
        var limits = new[] { SnakeCase(nameof(ServerOptions.MemoryBytesMax)), SnakeCase(nameof(ServerOptions.TlsHandshakesMax)) };

        Assert.Equal(properties.Select(property => SnakeCase(property.Name)).Except(tables).Concat(limits).Order(), keys.Concat(elsewhere).Order());
    }

    [Fact]
    public void Changes_say_what_a_reload_can_do()
    {
        var before = ServerConfiguration.Read(new ConfigurationInput { Assignments = ["certificate.0.file=a", "certificate.0.password=b", "limits.topic_levels_max=9"] });
        var after = ServerConfiguration.Read(new ConfigurationInput { Assignments = ["certificate.0.file=a", "certificate.0.password=c", "log_level=debug", "listener.tcp.port=1"] });

        Assert.Equal(
            [
                new ConfigurationChange("log_level = \"debug\"", true),
                new ConfigurationChange("listener.tcp.port = 1", false),
                new ConfigurationChange("certificate.0.password", true),
                new ConfigurationChange("limits.topic_levels_max back to its default", false),
            ],
            ConfigurationChange.Between(before, after));
    }

    private static ServerOptions Read(ConfigurationInput input)
    {
        var configuration = ServerConfiguration.Read(input);
        Assert.Empty(configuration.Errors);
        return configuration.Options;
    }

    private static string Describe(ListenerOptions listener) => listener.Transport == ListenerTransport.Unix
        ? $"{listener.Name} {listener.TransportName} {listener.Path}"
        : $"{listener.Name} {listener.TransportName} {listener.Address}:{listener.EffectivePort}";

    private static void AssertShown(string shown, string assignment, string origin)
    {
        var line = shown.Split('\n').Single(line => line.StartsWith(assignment, StringComparison.Ordinal));
        Assert.Equal(origin, line[(line.IndexOf('#', StringComparison.Ordinal) + 2)..]);
    }

    private static string SnakeCase(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) && i > 0 ? "_" + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString()));
}
