using System.Text;

namespace Avocet.Broker.Handlers;

/// <summary>Text from a peer, made fit for a log line.</summary>
internal static class PrintableText
{
    private const int CharactersMax = 128;

    /// <summary>The text without control characters, cut where it is long.</summary>
    public static string Of(ReadOnlySpan<byte> utf8) => Of(Encoding.UTF8.GetString(utf8.Length > CharactersMax * 4 ? utf8[..(CharactersMax * 4)] : utf8));

    /// <inheritdoc cref="Of(ReadOnlySpan{byte})"/>
    public static string Of(string text)
    {
        var isPlain = text.Length <= CharactersMax;
        foreach (var character in text) isPlain &= !char.IsControl(character);

        if (isPlain) return text;

        var printable = new StringBuilder(CharactersMax + 1);
        foreach (var character in text.AsSpan(0, Math.Min(text.Length, CharactersMax))) printable.Append(char.IsControl(character) ? '\uFFFD' : character);

        return text.Length > CharactersMax ? printable.Append('…').ToString() : printable.ToString();
    }
}
