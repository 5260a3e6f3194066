using System.Reflection;
using System.Text.RegularExpressions;
using Avocet.Testing;
using Xunit;

namespace Avocet.Recipes.Tests;

/// <summary>Runs each recipe of docs/recipes.md against the broker; what it writes is what the page says.</summary>
public sealed partial class RecipesTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static TheoryData<string> Names => [.. Blocks().Keys];

    [Theory, MemberData(nameof(Names))]
    public async Task Recipe_writes_what_the_page_says(string name)
    {
        var recipe = typeof(Page).GetMethod(name, BindingFlags.Public | BindingFlags.Static);
        Assert.True(recipe is not null, $"The page has a recipe {name} that was not compiled.");
        await using var broker = new TestMqttBroker();
        using var deadline = new CancellationTokenSource(Deadline);
        var lines = Console.Begin();

        await ((Task)recipe.Invoke(null, [$"mqtt://{broker.Listen()}", deadline.Token])!).WaitAsync(Deadline);

        Assert.Equal(Blocks()[name], string.Concat(lines.Select(line => $"{line}\n")));
    }

    [Fact]
    public void Page_has_ten_recipes() => Assert.Equal(10, Blocks().Count);

    /// <summary>The recipes' names, and what the page says they write.</summary>
    private static Dictionary<string, string> Blocks()
    {
        var page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "recipes.md"));
        return Block().Matches(page).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["output"].Value);
    }

    [GeneratedRegex(@"^```csharp run (?<name>\w+)\n(?s:.*?)^```\n(?s:.*?)^```text\n(?<output>(?s:.*?))^```$", RegexOptions.Multiline)]
    private static partial Regex Block();
}
