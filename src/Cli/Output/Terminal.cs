namespace Avocet.Cli.Output;

/// <summary>Colours and redrawing, on a terminal only. See docs/decisions/0070-terminal-output.md.</summary>
internal static class Terminal
{
    /// <summary>Whether standard output is a terminal.</summary>
    public static bool IsInteractive { get; } = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";

    private static readonly bool HasColours = IsInteractive && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    public static int Height => IsInteractive ? Math.Max(5, Console.WindowHeight) : int.MaxValue;

    public static int Width => IsInteractive ? Math.Max(20, Console.WindowWidth) : 200;

    public static string Topic(string text) => HasColours ? $"\e[36m{text}\e[0m" : text;

    public static string Dim(string text) => HasColours ? $"\e[2m{text}\e[0m" : text;

    public static void Clear(TextWriter output)
    {
        if (IsInteractive) output.Write("\e[2J");
    }

    /// <summary>Draws lines over those of before; where there is no terminal, one after the other.</summary>
    public static void Redraw(TextWriter output, IReadOnlyList<string> lines)
    {
        if (!IsInteractive)
        {
            foreach (var line in lines) output.WriteLine(line);
            output.Flush();
            return;
        }

        output.Write("\e[H");
        foreach (var line in lines.Take(Height - 1)) output.Write($"{line}\e[K\n");
        output.Write("\e[J");
        output.Flush();
    }

    /// <summary>What a terminal must not get from a stranger's payload: control characters, which could move the cursor or more.</summary>
    public static string Printable(string text, int width)
    {
        var line = string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter));
        return line.Length <= width ? line : width < 2 ? "" : line[..(width - 1)] + "…";
    }
}
