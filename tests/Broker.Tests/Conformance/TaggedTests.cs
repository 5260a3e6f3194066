using System.Text.RegularExpressions;

namespace Avocet.Broker.Tests.Conformance;

/// <summary>A test and a statement which it shows.</summary>
internal sealed record TaggedTest(string StatementId, string Name);

/// <summary>Finds the <c>[Spec]</c> tags in the sources of all test projects, also those which this one does not reference.</summary>
internal static partial class TaggedTests
{
    public static DirectoryInfo Repository { get; } = FindRepository();

    public static IReadOnlyList<TaggedTest> All { get; } = [.. SourceFiles().SelectMany(Read).Distinct().OrderBy(test => test.Name, StringComparer.Ordinal)];

    private static IEnumerable<string> SourceFiles()
    {
        return Directory.EnumerateDirectories(Path.Combine(Repository.FullName, "tests"), "*.Tests")
            .SelectMany(project => Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));
    }

    private static IEnumerable<TaggedTest> Read(string file)
    {
        var source = File.ReadAllText(file);
        foreach (Match tag in Tag().Matches(source))
        {
            var className = Class().Matches(source[..tag.Index]).LastOrDefault()?.Groups[1].Value;
            var target = Target().Match(source, tag.Index);
            if (!target.Success) continue;

            var name = target.Groups["class"].Success ? target.Groups["class"].Value : $"{className}.{target.Groups["method"].Value}";
            foreach (Match id in Text().Matches(tag.Value)) yield return new TaggedTest(id.Groups[1].Value, name);
        }
    }

    private static DirectoryInfo FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Avocet.slnx"))) return folder;
        }

        throw new InvalidOperationException("Avocet.slnx is in no folder above the test's; the tests run within the repository.");
    }

    [GeneratedRegex(@"(?<=[\[,]\s*)Spec\(\s*""[^""]+""(?:\s*,\s*""[^""]+"")*\s*\)")]
    private static partial Regex Tag();

    [GeneratedRegex("\"([^\"]+)\"")]
    private static partial Regex Text();

    [GeneratedRegex(@"\bclass (\w+)")]
    private static partial Regex Class();

    [GeneratedRegex(@"\bclass (?<class>\w+)|\b(?:Task|ValueTask|void) (?<method>\w+)\(")]
    private static partial Regex Target();
}
