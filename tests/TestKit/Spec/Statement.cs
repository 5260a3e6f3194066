using System.Reflection;

namespace Avocet.TestKit.Spec;

/// <summary>A normative statement of the standard, in this project's words.</summary>
/// <param name="Id">As tests name it: 5.0 ids plain, 3.1.1 ids prefixed with <c>3.1.1</c>.</param>
/// <param name="AppliesTo"><c>server</c>, <c>client</c> or <c>both</c>, which includes rules for clients that a server enforces.</param>
/// <param name="Text">What it demands.</param>
public sealed record Statement(string Id, string AppliesTo, string Text)
{
    private const string Prefix311 = "3.1.1 ";

    public bool BindsServer => AppliesTo is "server" or "both";

    /// <summary>Whether only a client can keep or break it.</summary>
    public bool BindsClientOnly => AppliesTo == "client";

    public bool IsOf311 => Id.StartsWith(Prefix311, StringComparison.Ordinal);

    /// <summary>All 251 of MQTT 5.0 and 141 of 3.1.1, in the standards' order.</summary>
    public static IReadOnlyList<Statement> All { get; } = [.. Read("mqtt50.tsv", ""), .. Read("mqtt311.tsv", Prefix311)];

    /// <summary>The statements which bind a server but that no test shows, each with the reason.</summary>
    public static IReadOnlyDictionary<string, string> NotTestable { get; } = Rows("not-testable.tsv").ToDictionary(row => row[0], row => row[1]);

    private static IEnumerable<Statement> Read(string file, string prefix) => Rows(file).Select(row => new Statement(prefix + row[0], row[1], row[2]));

    private static IEnumerable<string[]> Rows(string file)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"The resource {file} is missing from the test kit.");
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split('\t'))];
    }
}
