using Avocet.Server.Configuration;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace Avocet.Cli.Clients;

/// <summary>
/// The file with profiles: how to reach which broker. <c>[profile.home]</c> with the options' long names as keys; <c>default = "home"</c> above them names the
/// one that is used when none is asked for.
/// </summary>
internal sealed class ProfileFile
{
    private static readonly string[] Keys = ["url", "username", "password", "password-file", "password-env", "id", "id-prefix", "mqtt", "keepalive", "cafile", "cert", "key", "insecure", "tls-alpn", "proxy"];

    private readonly Dictionary<string, Dictionary<string, string>> _profiles = [];
    private string? _default;

    /// <summary>By the XDG rules, unless AVOCET_CLI_CONFIG names a file.</summary>
    public static string Path
    {
        get
        {
            if (Environment.GetEnvironmentVariable("AVOCET_CLI_CONFIG") is { Length: > 0 } named) return named;

            var folder = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");
            if (string.IsNullOrEmpty(folder)) folder = System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config");
            return System.IO.Path.Combine(folder, "avocet", "config.toml");
        }
    }

    /// <summary>The values of a profile; none when nobody asked for one and there is no default.</summary>
    /// <exception cref="CommandException">There is no such profile, or the file is wrong.</exception>
    public static IReadOnlyDictionary<string, string> Find(string? name)
    {
        var path = Path;
        if (!File.Exists(path))
        {
            return name is null ? new Dictionary<string, string>() : throw new CommandException($"There is no profile '{name}', for there is no file {path}. Write [profile.{name}] into it.");
        }

        var file = Read(path);
        name ??= file._default;
        if (name is null) return new Dictionary<string, string>();
        if (file._profiles.TryGetValue(name, out var profile)) return profile;

        var nearest = NearestName.Find(name, file._profiles.Keys);
        throw new CommandException($"{path} has no profile '{name}'{(nearest is null ? "" : $"; the nearest is {nearest}")}.");
    }

    private static ProfileFile Read(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} cannot be read: {exception.Message.TrimEnd('.')}.");
        }

        var document = SyntaxParser.Parse(text, path, true);
        foreach (var diagnostic in document.Diagnostics)
        {
            if (diagnostic.Kind == DiagnosticMessageKind.Error) throw new CommandException($"{path}:{diagnostic.Span.Start.Line + 1}: not valid TOML: {diagnostic.Message.TrimEnd('.')}.");
        }

        var file = new ProfileFile();
        foreach (var pair in document.KeyValues)
        {
            if (NameOf(pair.Key!) != "default") throw Wrong(path, pair, $"there is no key '{NameOf(pair.Key!)}' here; only default");

            file._default = ValueOf(path, pair);
        }

        foreach (var table in document.Tables)
        {
            var name = NameOf(table.Name!);
            if (!name.StartsWith("profile.", StringComparison.Ordinal)) throw Wrong(path, table, $"[{name}] is not known; a profile begins with [profile.NAME]");

            var profile = file._profiles[name["profile.".Length..]] = [];
            foreach (var pair in table.Items)
            {
                var key = NameOf(pair.Key!).Replace('_', '-');
                if (!Keys.Contains(key)) throw Wrong(path, pair, $"there is no key '{key}'{(NearestName.Find(key, Keys) is { } nearest ? $"; the nearest is {nearest}" : "")}");

                profile[key] = ValueOf(path, pair);
            }
        }

        return file;
    }

    private static string NameOf(KeySyntax key) => string.Concat(key.ToString().Where(letter => letter is not (' ' or '\t' or '"' or '\n' or '\r')));

    private static string ValueOf(string path, KeyValueSyntax pair) => pair.Value switch
    {
        StringValueSyntax text => text.Value ?? "",
        BooleanValueSyntax flag => flag.Value ? "true" : "false",
        IntegerValueSyntax number => number.Value.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => throw Wrong(path, pair, $"{NameOf(pair.Key!)} is to be a string, a number, true or false"),
    };

    private static CommandException Wrong(string path, SyntaxNode node, string problem) => new($"{path}:{node.Span.Start.Line + 1}: {problem}.");
}
