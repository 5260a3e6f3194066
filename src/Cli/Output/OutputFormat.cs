using System.Globalization;
using System.Text;
using Avocet.Client;

namespace Avocet.Cli.Output;

/// <summary>
/// The formats of <c>mosquitto_sub -F</c>: <c>%t</c> and its like with flags and widths, <c>@H</c> for strftime, and <c>\n</c>. Payloads go out byte by byte as
/// they came.
/// </summary>
internal sealed class OutputFormat
{
    private const string Known = "ACDEFIJPRSUXjlmpqrtx%";

    private readonly List<Action<MqttMessage, DateTimeOffset, Stream>> _parts = [];

    /// <exception cref="CommandException">The format is wrong.</exception>
    public OutputFormat(string format, bool isPretty = false)
    {
        var literal = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            var letter = format[i];
            if (letter is not ('%' or '@' or '\\'))
            {
                literal.Append(letter);
                continue;
            }

            if (i + 1 == format.Length) throw new CommandException($"-F '{format}' ends in {letter}, which begins a sequence.");
            if (letter == '\\')
            {
                literal.Append(Escape(format[++i]));
            }
            else if (letter == '@')
            {
                AddLiteral(literal);
                var specifier = format[++i];
                _parts.Add((_, time, output) => Write(output, Strftime.Format(specifier, time)));
            }
            else
            {
                AddLiteral(literal);
                AddField(format, ref i, isPretty);
            }
        }

        AddLiteral(literal);
    }

    public void Write(MqttMessage message, DateTimeOffset time, Stream output)
    {
        foreach (var part in _parts) part(message, time, output);
    }

    private static string Escape(char letter) => letter switch
    {
        '\\' => "\\",
        '0' => "\0",
        'a' => "\a",
        'e' => "\e",
        'n' => "\n",
        'r' => "\r",
        't' => "\t",
        'v' => "\v",
        _ => throw new CommandException($"-F has \\{letter}; there are \\\\ \\0 \\a \\e \\n \\r \\t \\v."),
    };

    private void AddLiteral(StringBuilder literal)
    {
        if (literal.Length == 0) return;

        var bytes = Encoding.UTF8.GetBytes(literal.ToString());
        literal.Clear();
        _parts.Add((_, _, output) => output.Write(bytes));
    }

    private void AddField(string format, ref int i, bool isPretty)
    {
        i++;
        var isLeft = false;
        var isZero = false;
        for (; i < format.Length && format[i] is '-' or '0'; i++)
        {
            isLeft |= format[i] == '-';
            isZero |= format[i] == '0';
        }

        var width = Number(format, ref i) ?? 0;
        int? precision = null;
        if (i < format.Length && format[i] == '.')
        {
            i++;
            precision = Number(format, ref i) ?? 0;
        }

        if (i >= format.Length || !Known.Contains(format[i], StringComparison.Ordinal)) throw new CommandException($"-F '{format}' has no field at its position {i + 1}; fields are %{string.Join(" %", Known.ToCharArray())}.");

        var field = format[i];
        var pad = isZero && !isLeft && field is 'A' or 'E' or 'F' or 'l' or 'm' or 'S' or 'X' or 'x' ? (byte)'0' : (byte)' ';
        _parts.Add((message, time, output) =>
        {
            var value = ValueOf(field, message, time, isPretty);
            if (precision is { } most && field is 'C' or 'I' or 'R' or 't' && value.Length > precision) value = value[..most];
            if (!isLeft) Pad(output, width - value.Length, isZero && !isLeft ? pad : (byte)' ');
            output.Write(value);
            if (isLeft) Pad(output, width - value.Length, (byte)' ');
        });
    }

    private static void Pad(Stream output, int count, byte with)
    {
        for (; count > 0; count--) output.WriteByte(with);
    }

    private static byte[] ValueOf(char field, MqttMessage message, DateTimeOffset time, bool isPretty) => field switch
    {
        'p' => message.Payload.ToArray(),
        'x' => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(message.Payload.Span)),
        'X' => Encoding.ASCII.GetBytes(Convert.ToHexString(message.Payload.Span)),
        'j' => MessageJson.Write(message, time, isEmbedded: false, isPretty),
        'J' => MessageJson.Write(message, time, isEmbedded: true, isPretty),
        'D' => message.CorrelationData?.ToArray() ?? [],
        _ => Encoding.UTF8.GetBytes(TextOf(field, message, time)),
    };

    private static string TextOf(char field, MqttMessage message, DateTimeOffset time) => field switch
    {
        '%' => "%",
        't' => message.Topic,
        'q' => Text((int)message.Qos),
        'r' => message.Retain ? "1" : "0",
        'l' => Text(message.Payload.Length),
        // The client library keeps identifiers and aliases to itself.
        'm' => "0",
        // A property that the message does not carry is empty, as mosquitto_sub has it; the client resolves topic aliases itself.
        'A' => "",
        'C' => message.ContentType ?? "",
        'R' => message.ResponseTopic ?? "",
        'E' => message.MessageExpiry is { } expiry ? Text((int)expiry.TotalSeconds) : "",
        'F' => message.IsUtf8 ? "1" : "",
        'S' => message.SubscriptionIds.Count > 0 ? Text(message.SubscriptionIds[0]) : "",
        'P' => string.Join(' ', message.UserProperties.Select(pair => $"{pair.Name}:{pair.Value}")),
        'I' => time.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture).Remove(22, 1),
        'U' => string.Create(CultureInfo.InvariantCulture, $"{time.ToUnixTimeSeconds()}.{Strftime.Format('N', time)}"),
        _ => "",
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int? Number(string format, ref int i)
    {
        var start = i;
        while (i < format.Length && char.IsAsciiDigit(format[i])) i++;
        if (i == start) return null;

        return int.TryParse(format.AsSpan(start, i - start), CultureInfo.InvariantCulture, out var value) && value <= 10_000
            ? value
            : throw new CommandException($"-F '{format}' has a width of more than 10000.");
    }

    private static void Write(Stream output, string text) => output.Write(Encoding.UTF8.GetBytes(text));
}
