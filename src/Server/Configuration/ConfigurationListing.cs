using System.Globalization;
using System.Text;
using Avocet.Management.Resources;
using Avocet.Security;

namespace Avocet.Server.Configuration;

/// <summary>A setting with its path, as compared on reload.</summary>
internal sealed record EffectiveSetting(string Path, string Value, bool IsReloadable, bool IsSecret);

/// <summary>Writes the effective configuration.</summary>
internal static class ConfigurationListing
{
    private const int CommentColumn = 44;

    public static string Write(ServerConfiguration configuration) => Write(configuration, new StringBuilder(), onlySet: false);

    /// <summary>What was set and nothing else, to be used as a file.</summary>
    public static string WriteSet(ServerConfiguration configuration)
    {
        var text = new StringBuilder();
        foreach (var note in configuration.Notes) text.Append("# ").Append(note).Append('\n');
        if (text.Length > 0) text.Append('\n');

        return Write(configuration, text, onlySet: true);
    }

    private static string Write(ServerConfiguration configuration, StringBuilder text, bool onlySet)
    {
        var root = configuration.Root;
        WriteKeys(text, root, configuration.Options, onlySet);
        foreach (var section in root.Section.Sections)
        {
            if (!section.IsArray) WriteTable(text, root.Table(section), configuration.Options, onlySet);
        }

        foreach (var exception in root.Items(ConfigurationKeys.DurabilityFor)) WriteTable(text, exception, configuration.Options, onlySet);

        foreach (var rule in root.Items(SecurityKeys.Rule)) WriteTable(text, rule, configuration.Options, onlySet);

        foreach (var listener in root.Items(ConfigurationKeys.Listener))
        {
            WriteTable(text, listener, configuration.Options, onlySet);
            foreach (var certificate in listener.Items(ConfigurationKeys.ListenerCertificate)) WriteTable(text, certificate, configuration.Options, onlySet);
        }

        foreach (var certificate in root.Items(ConfigurationKeys.Certificate)) WriteTable(text, certificate, configuration.Options, onlySet);
        return text.ToString();
    }

    /// <summary>Everything that is set, with paths such as <c>listener.tcp.port</c>.</summary>
    public static IEnumerable<EffectiveSetting> Flatten(ServerConfiguration configuration) => Flatten(configuration.Root, "");

    private static IEnumerable<EffectiveSetting> Flatten(SettingTable table, string prefix)
    {
        foreach (var setting in table.Settings)
        {
            var key = setting.Key;
            yield return new EffectiveSetting(prefix + key.Name, Format(setting.Value), key.IsReloadable, key.Kind == SettingKind.Secret);
        }

        foreach (var section in table.Section.Sections)
        {
            var items = section.IsArray ? table.Items(section) : [table.Table(section)];
            for (var i = 0; i < items.Count; i++)
            {
                var name = items[i].FindText("name") ?? i.ToString(CultureInfo.InvariantCulture);
                var path = section.IsArray ? $"{prefix}{section.Name}.{name}." : $"{prefix}{section.Name}.";
                foreach (var setting in Flatten(items[i], path)) yield return setting;
            }
        }
    }

    /// <summary>Every value in effect, for the API; of a secret only that it is set.</summary>
    public static IEnumerable<SettingDocument> ListAll(ServerConfiguration configuration) => ListAll(configuration.Root, "", configuration.Options);

    private static IEnumerable<SettingDocument> ListAll(SettingTable table, string prefix, ServerOptions options)
    {
        foreach (var key in table.Section.Keys)
        {
            var setting = table.Find(key.Name);
            if (setting is null && !Matters(table, key.Name)) continue;

            var value = setting is null ? EffectiveDefault(table, key, options) : Format(setting.Value);
            var isSecret = key.Kind == SettingKind.Secret;
            yield return new SettingDocument(prefix + key.Name, isSecret ? null : value, setting?.Origin.Text ?? "default", isSecret, key.IsReloadable);
        }

        foreach (var section in table.Section.Sections)
        {
            var items = section.IsArray ? table.Items(section) : [table.Table(section)];
            for (var i = 0; i < items.Count; i++)
            {
                var name = items[i].FindText("name") ?? i.ToString(CultureInfo.InvariantCulture);
                var path = section.IsArray ? $"{prefix}{section.Name}.{name}." : $"{prefix}{section.Name}.";
                foreach (var document in ListAll(items[i], path, options)) yield return document;
            }
        }
    }

    private static void WriteTable(StringBuilder text, SettingTable table, ServerOptions options, bool onlySet)
    {
        if (onlySet && !table.Settings.Any()) return;

        text.Append('\n').Append(table.Section.Heading).Append('\n');
        WriteKeys(text, table, options, onlySet);
    }

    private static void WriteKeys(StringBuilder text, SettingTable table, ServerOptions options, bool onlySet)
    {
        foreach (var key in table.Section.Keys)
        {
            var setting = table.Find(key.Name);
            if (setting is null && (onlySet || !Matters(table, key.Name))) continue;

            if (setting is null && EffectiveDefault(table, key, options) is not { } value)
            {
                WriteLine(text, $"# {key.Name}", "default: " + key.DefaultText);
            }
            else if (key.Kind == SettingKind.Secret)
            {
                WriteLine(text, $"# {key.Name} = ***", setting?.Origin.Text ?? "default");
            }
            else
            {
                var shown = setting is null ? EffectiveDefault(table, key, options)! : Format(setting.Value);
                WriteLine(text, $"{key.Name} = {shown}", setting?.Origin.Text ?? "default");
            }
        }
    }

    /// <summary>Whether a key means anything for this listener's transport.</summary>
    private static bool Matters(SettingTable table, string key)
    {
        if (table.Section != ConfigurationKeys.Listener) return true;

        var transport = ConfigurationBinder.TransportOf(table);
        return key switch
        {
            "address" or "port" => transport != "unix",
            "path" => transport is not ("tcp" or "tls"),
            "permissions" => transport == "unix",
            "tls_version_min" or "client_certificate" or "client_ca_file" or "client_crl_file" or "certificate_user" or "certificate_client_id" => transport is "tls" or "wss",
            "subprotocol_required" => transport is "ws" or "wss",
            _ => true,
        };
    }

    /// <summary>The default as a TOML value; null where the key does not matter or has none.</summary>
    private static string? EffectiveDefault(SettingTable table, SettingKey key, ServerOptions options)
    {
        if (table.Section == ConfigurationKeys.Listener)
        {
            var transport = ConfigurationKeys.Transports.First(candidate => candidate.Word == ConfigurationBinder.TransportOf(table)).Value;
            var listener = Section<ListenerOptions>.Bind(table, new ListenerOptions { Name = "" }) with { Transport = transport };
            switch (key.Name)
            {
                case "transport":
                    return Format(listener.TransportName);
                case "port":
                    return Format(listener.EffectivePort);
                case "path":
                    return listener.IsWebSocket ? Format(listener.EffectivePath) : null;
                case "allow_anonymous":
                    return Format(listener.IsLocalOnly && listener.PasswordFile.Length == 0 && !options.Security.Token.IsOn && options.Security.Http.Url.Length == 0 && !options.Security.Postgres.IsOn && options.Security.ScramFile.Length == 0 && !options.Security.UsesUserDatabase && listener.CertificateUser == CertificateName.None && options.Security.PasswordFile.Length == 0);
            }
        }

        var isValue = key.DefaultText is "true" or "false" || key.DefaultText[0] == '"' || char.IsAsciiDigit(key.DefaultText[0]);
        return isValue ? key.DefaultText : null;
    }

    private static string Format(object value) => value switch
    {
        bool boolean => boolean ? "true" : "false",
        long number => number.ToString(CultureInfo.InvariantCulture),
        ListenPort { IsAuto: true } => "\"auto\"",
        ListenPort port => port.ToString(),
        _ => "\"" + ((string)value).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"",
    };

    private static void WriteLine(StringBuilder text, string assignment, string origin) =>
        text.Append(assignment.PadRight(CommentColumn)).Append("# ").Append(origin).Append('\n');
}
