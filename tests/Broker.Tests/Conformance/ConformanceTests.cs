using System.Text;
using Avocet.TestKit.Spec;
using Xunit;

namespace Avocet.Broker.Tests.Conformance;

/// <summary>Every statement of the standards that binds a server has a test, or a reason why it has none; every one for clients has a test.</summary>
public sealed class ConformanceTests
{
    private const string WriteSwitch = "AVOCET_WRITE_DOCS";

    private static string DocumentPath => Path.Combine(TaggedTests.Repository.FullName, "docs", "conformance.md");

    [Fact]
    public void Statements_are_all_there()
    {
        Assert.Equal(251, Statement.All.Count(statement => !statement.IsOf311));
        Assert.Equal(141, Statement.All.Count(statement => statement.IsOf311));
        Assert.Equal(Statement.All.Count, Statement.All.DistinctBy(statement => statement.Id).Count());
    }

    [Fact]
    public void Tags_name_known_statements()
    {
        var known = Statement.All.Select(statement => statement.Id).ToHashSet();
        var unknown = TaggedTests.All.Where(test => !known.Contains(test.StatementId)).Select(test => $"{test.Name}: {test.StatementId}");
        Assert.Empty(unknown);
        Assert.All(Statement.NotTestable.Keys, id => Assert.Contains(id, known));
    }

    [Fact]
    public void Statements_for_servers_have_a_test_or_a_reason()
    {
        var tested = TaggedTests.All.Select(test => test.StatementId).ToHashSet();
        var missing = Statement.All
            .Where(statement => statement.BindsServer && !tested.Contains(statement.Id) && !Statement.NotTestable.ContainsKey(statement.Id))
            .Select(statement => $"{statement.Id} {statement.Text}")
            .ToList();
        Assert.True(missing.Count == 0, $"{missing.Count} statements have neither a test nor a reason in not-testable.tsv:\n{string.Join('\n', missing)}");
    }

    [Fact]
    public void Statements_for_clients_have_a_test()
    {
        var tested = TaggedTests.All.Select(test => test.StatementId).ToHashSet();
        Assert.Empty(Statement.All.Where(statement => statement.BindsClientOnly && !tested.Contains(statement.Id)).Select(statement => $"{statement.Id} {statement.Text}"));
    }

    [Fact]
    public void Reasons_stand_only_where_no_test_does()
    {
        var tested = TaggedTests.All.Select(test => test.StatementId).ToHashSet();
        Assert.All(Statement.NotTestable.Keys, id => Assert.DoesNotContain(id, tested));
    }

    [Fact]
    public void Table_of_statements_is_up_to_date()
    {
        var document = Write();
        if (Environment.GetEnvironmentVariable(WriteSwitch) == "1") File.WriteAllText(DocumentPath, document);

        var written = File.Exists(DocumentPath) ? File.ReadAllText(DocumentPath) : "";
        Assert.True(document == written, $"docs/conformance.md does not tell what the tests show. Run the tests with {WriteSwitch}=1 and commit it.");
    }

    private static string Write()
    {
        var tests = TaggedTests.All.ToLookup(test => test.StatementId, test => test.Name);
        var text = new StringBuilder();
        text.Append("# Conformance\n\n");
        text.Append("Every numbered normative statement of MQTT 5.0 and 3.1.1, in our words, with the tests that show it. Made from the\n");
        text.Append("`[Spec]` tags of the tests; a test fails when a statement that binds a server has neither a test nor a reason, or when this\n");
        text.Append("page is stale. To make it anew: `").Append(WriteSwitch).Append("=1 dotnet run --project tests/Broker.Tests -- -class '*ConformanceTests'`.\n");
        Append(text, "MQTT 5.0", Statement.All.Where(statement => !statement.IsOf311), tests);
        Append(text, "MQTT 3.1.1", Statement.All.Where(statement => statement.IsOf311), tests);
        return text.ToString();
    }

    private static void Append(StringBuilder text, string title, IEnumerable<Statement> statements, ILookup<string, string> tests)
    {
        text.Append("\n## ").Append(title).Append("\n\n| Statement | Binds | What it demands | Shown by |\n| --- | --- | --- | --- |\n");
        foreach (var statement in statements)
        {
            var shown = string.Join("<br>", tests[statement.Id]);
            if (shown.Length == 0) shown = Statement.NotTestable.GetValueOrDefault(statement.Id) ?? (statement.BindsServer ? "**nothing**" : "not a rule for servers");
            text.Append($"| {statement.Id.Split(' ')[^1]} | {statement.AppliesTo} | {statement.Text.Replace("|", "\\|", StringComparison.Ordinal)} | {shown} |\n");
        }
    }
}
