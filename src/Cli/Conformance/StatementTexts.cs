using System.Reflection;
using Avocet.Protocol;

namespace Avocet.Cli.Conformance;

/// <summary>The normative statements of both standards, in this project's words.</summary>
internal static class StatementTexts
{
    private static readonly Lazy<Dictionary<string, string>> Texts50 = new(() => Read("mqtt50.tsv"));
    private static readonly Lazy<Dictionary<string, string>> Texts311 = new(() => Read("mqtt311.tsv"));

    public static string? Find(ProtocolVersion version, string rule) => (version == ProtocolVersion.V50 ? Texts50 : Texts311).Value.GetValueOrDefault(rule);

    private static Dictionary<string, string> Read(string file)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(file) ?? throw new InvalidOperationException($"The resource {file} is missing.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split('\t')).ToDictionary(row => row[0], row => row[2]);
    }
}
