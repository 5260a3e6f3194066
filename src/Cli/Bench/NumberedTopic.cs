using System.Buffers;
using System.Buffers.Text;
using System.Globalization;

namespace Avocet.Cli.Bench;

/// <summary>Topics that differ in a letter and a number of fixed width, so that a PUBLISH is patched and not encoded again.</summary>
internal sealed class NumberedTopic(string prefix)
{
    public const int NumberMax = 99_999_999;

    private const string Suffix = "/value/now";

    private static readonly StandardFormat Digits = new('D', 8);

    private readonly int _letterOffset = prefix.Length + 1;

    public string Write(char letter, long number) => string.Create(CultureInfo.InvariantCulture, $"{prefix}/{letter}/{number:D8}{Suffix}");

    /// <summary>The filter that this topic alone matches, written in the way the letter says: e exactly, p with +, h with #.</summary>
    public string FilterOf(char letter, long number) => letter switch
    {
        'p' => string.Create(CultureInfo.InvariantCulture, $"{prefix}/p/{number:D8}/+/now"),
        'h' => string.Create(CultureInfo.InvariantCulture, $"{prefix}/h/{number:D8}/#"),
        _ => Write(letter, number),
    };

    /// <summary>Of ten filters six are exact, three have + and one has #.</summary>
    public static char LetterOf(long number) => (number % 10) switch
    {
        < 6 => 'e',
        < 9 => 'p',
        _ => 'h',
    };

    /// <summary>Changes letter and number of a topic that lies in a packet.</summary>
    public void Patch(Span<byte> topic, char letter, long number)
    {
        topic[_letterOffset] = (byte)letter;
        Utf8Formatter.TryFormat(number, topic[(_letterOffset + 2)..], out _, Digits);
    }
}
