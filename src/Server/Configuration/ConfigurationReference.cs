using System.Text;

namespace Avocet.Server.Configuration;

/// <summary>Writes docs/configuration.md from the keys, so that the page cannot tell otherwise than the program.</summary>
public static class ConfigurationReference
{
    private const string Introduction = """
        # Configuration

        <!-- Written from the table of keys in src/Server/Configuration/ConfigurationKeys.cs; a test fails when it is stale.
             To write it again: `avocet config reference > docs/configuration.md`. -->

        Avocet needs no configuration: without one it listens on this machine only, MQTT on 127.0.0.1:1883 and WebSocket on
        ws://127.0.0.1:8083/mqtt, and lets anyone there in. Passwords and access rules: [security.md](security.md). Console, API and
        `avocet ctl`: [console.md](console.md).

        Settings come from four places. The later one wins:

        1. the defaults on this page;
        2. a TOML file: `avocet serve --config avocet.toml`, or the environment variable `AVOCET_CONFIG`;
        3. environment variables: `AVOCET_` and the key in capitals, with two underscores for each dot;
        4. the command line: `--set key=value`, and the options `--bind`, `--port`, `--ws-port`, `--console-port`, `--allow-anonymous`,
           `--data` and `--log-level`, which win over `--set`.

        | To set | in the file | in the environment | on the command line |
        |---|---|---|---|
        | a key at the top | `log_level = "debug"` | `AVOCET_LOG_LEVEL=debug` | `--set log_level=debug` |
        | a key of a section | `packet_size_max = 65536` below `[limits]` | `AVOCET_LIMITS__PACKET_SIZE_MAX=65536` | `--set limits.packet_size_max=65536` |
        | a key of a listener | `port = 1884` below `[[listener]]` with `name = "tcp"` | `AVOCET_LISTENER__TCP__PORT=1884` | `--set listener.tcp.port=1884` |
        | a key of a certificate | `file = "server.pem"` below `[[certificate]]` | `AVOCET_CERTIFICATE__0__FILE=server.pem` | `--set certificate.0.file=server.pem` |

        A listener that is named in the environment or on the command line and is not there yet is added. `--port` sets the port of the
        first listener with transport `tcp`, `--ws-port` that of the first with `ws`; 0 turns all listeners of that transport off.
        Relative paths in the file start from the file's folder, others from the folder the server is started in.

        `avocet config check avocet.toml` says what is wrong in a file; `avocet config show` prints every effective value and where it
        comes from. On SIGHUP the server reads everything again, applies what is marked "reload", and logs what waits for a restart.
        An example:

        ```toml
        log_level = "debug"

        [limits]
        packet_size_max = 1048576            # bytes

        [[listener]]
        name = "tcp"
        address = "*"                        # all addresses of this machine
        allow_anonymous = true               # on purpose: without passwords

        [[listener]]
        name = "tls"                         # port 8883

        [[listener]]
        name = "local"
        transport = "unix"
        path = "/run/avocet/mqtt.sock"

        [[certificate]]
        file = "server.pem"
        key_file = "server.key"
        ```

        """;

    public static string Write()
    {
        var page = new StringBuilder(Introduction);
        foreach (var section in ConfigurationKeys.AllSections)
        {
            page.Append("\n## ").Append(section.Path.Length == 0 ? "Top of the file" : $"`{section.Heading}`").Append("\n\n");
            page.Append(section.Summary).Append("\n\n");
            page.Append("| Key | Meaning | Allowed | Default | A change takes |\n|---|---|---|---|---|\n");
            foreach (var key in section.Keys)
            {
                page.Append("| `").Append(key.Name).Append("` | ").Append(key.Summary);
                page.Append(" | ").Append(key.Allowed).Append(" | ").Append(Default(key));
                page.Append(" | ").Append(key.IsReloadable ? "reload" : "restart").Append(" |\n");
            }
        }

        return page.ToString();
    }

    private static string Default(SettingKey key) => key.DefaultText == "\"\"" ? "none" : $"`{key.DefaultText}`";
}
