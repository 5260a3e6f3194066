using System.Text;

namespace Avocet.Cli.Manual;

/// <summary>The text of a manual page, in the macros of man(7).</summary>
internal sealed class RoffText
{
    private readonly StringBuilder _text = new();

    /// <summary>What stands for itself in running text.</summary>
    public static string Escape(string text) =>
        text.Replace("\\", "\\(rs", StringComparison.Ordinal).Replace("-", "\\-", StringComparison.Ordinal).Replace("'", "\\(aq", StringComparison.Ordinal)
            .Replace("`", "\\(ga", StringComparison.Ordinal).Replace("^", "\\(ha", StringComparison.Ordinal).Replace("~", "\\(ti", StringComparison.Ordinal);

    public static string Bold(string text) => $"\\fB{Escape(text)}\\fR";

    public static string Italic(string text) => $"\\fI{Escape(text)}\\fR";

    /// <summary>A request: its words are escaped already.</summary>
    public void Request(string request) => _text.Append(request).Append('\n');

    /// <summary>Text that is escaped already, a line of its own.</summary>
    public void Line(string escaped)
    {
        // At the beginning of a line these would be requests.
        if (escaped.StartsWith('.') || escaped.StartsWith('\'')) _text.Append("\\&");
        _text.Append(escaped).Append('\n');
    }

    /// <summary>Running text.</summary>
    public void Paragraph(string plain)
    {
        foreach (var line in plain.ReplaceLineEndings("\n").Split('\n')) Line(Escape(line.Trim()));
    }

    /// <summary>Lines that stay as they are.</summary>
    public void Verbatim(string plain)
    {
        Request(".nf");
        foreach (var line in plain.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n')) Line(Escape(line));
        Request(".fi");
    }

    public override string ToString() => _text.ToString();
}
