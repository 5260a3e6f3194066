using System.Collections.Concurrent;

namespace Avocet.Recipes.Tests;

/// <summary>Stands for the console where the code of the page is: what is written there is compared with what the page says.</summary>
internal static class Console
{
    private static readonly AsyncLocal<ConcurrentQueue<string>?> Lines = new();

    public static ConcurrentQueue<string> Begin() => Lines.Value = new ConcurrentQueue<string>();

    public static void WriteLine(string line) => Lines.Value!.Enqueue(line);
}
