using System.Text;
using System.Text.Json;
using Avocet.Protocol;

namespace Avocet.Cli.Conformance;

/// <summary>The results, for people or for programs.</summary>
internal static class ConformanceReport
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    public static void Write(IReadOnlyList<CheckResult> results, TextWriter output, bool isVerbose)
    {
        foreach (var version in results.Select(result => result.Version).Distinct())
        {
            output.WriteLine(version.Describe());
            foreach (var result in results.Where(result => result.Version == version && (isVerbose || result.Outcome != Outcome.Passed))) WriteOne(result, output);
        }

        var (passed, failed, notOffered) = (Count(Outcome.Passed), Count(Outcome.Failed), Count(Outcome.NotOffered));
        output.WriteLine($"{passed} passed, {failed} failed{(notOffered > 0 ? $", {notOffered} not offered by the broker" : "")}.");

        int Count(Outcome outcome) => results.Count(result => result.Outcome == outcome);
    }

    public static void WriteJson(string url, IReadOnlyList<CheckResult> results, TextWriter output)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            json.WriteStartObject();
            json.WriteString("url", url);
            json.WriteNumber("passed", results.Count(result => result.Outcome == Outcome.Passed));
            json.WriteNumber("failed", results.Count(result => result.Outcome == Outcome.Failed));
            json.WriteNumber("notOffered", results.Count(result => result.Outcome == Outcome.NotOffered));
            json.WriteStartArray("checks");
            foreach (var result in results)
            {
                json.WriteStartObject();
                json.WriteString("mqtt", result.Version == ProtocolVersion.V50 ? "5.0" : "3.1.1");
                json.WriteString("name", result.Check.Name);
                json.WriteString("title", result.Check.Title);
                json.WriteStartArray("rules");
                foreach (var rule in result.Rules) json.WriteStringValue(rule);
                json.WriteEndArray();
                json.WriteString("outcome", Name(result.Outcome));
                if (result.Problem is not null) json.WriteString("problem", result.Problem);
                json.WriteNumber("seconds", Math.Round(result.Time.TotalSeconds, 3));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(buffer.ToArray()));
    }

    public static void WriteList(IReadOnlyList<ProtocolVersion> versions, IReadOnlyList<string> only, TextWriter output)
    {
        foreach (var version in versions)
        {
            output.WriteLine(version.Describe());
            foreach (var check in ConformanceRun.Select(version, only)) output.WriteLine($"  {check.Name,-32} {check.Title}  [{string.Join(' ', check.RulesOf(version))}]");
        }
    }

    private static void WriteOne(CheckResult result, TextWriter output)
    {
        var mark = result.Outcome switch { Outcome.Passed => "ok  ", Outcome.Failed => "FAIL", _ => "  - " };
        output.WriteLine($"  {mark} {result.Check.Name}: {result.Check.Title}  [{string.Join(' ', result.Rules)}]");
        if (result.Problem is not null) output.WriteLine($"         {result.Problem}");
        if (result.Outcome != Outcome.Failed) return;

        foreach (var rule in result.Rules) output.WriteLine($"         {rule}: {StatementTexts.Find(result.Version, rule)}");
    }

    private static string Name(Outcome outcome) => outcome switch { Outcome.Passed => "passed", Outcome.Failed => "failed", _ => "not offered" };
}
