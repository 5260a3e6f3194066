using System.Globalization;
using System.Text;
using Avocet.Client;

namespace Avocet.Cli.Clients;

/// <summary>The properties that <c>-D PACKET NAME VALUE</c> gives to one kind of packet.</summary>
internal sealed class PacketProperties
{
    private static readonly Dictionary<string, string[]> Names = new()
    {
        ["connect"] = ["session-expiry-interval", "receive-maximum", "maximum-packet-size", "topic-alias-maximum", "user-property"],
        ["publish"] = ["content-type", "response-topic", "correlation-data", "message-expiry-interval", "payload-format-indicator", "user-property"],
        ["will"] = ["content-type", "response-topic", "correlation-data", "message-expiry-interval", "payload-format-indicator", "will-delay-interval", "user-property"],
        ["subscribe"] = ["user-property"],
    };

    private readonly Dictionary<string, string> _values = [];
    private readonly List<UserProperty> _userProperties = [];

    public IReadOnlyList<UserProperty> UserProperties => _userProperties;

    public string? ContentType => _values.GetValueOrDefault("content-type");

    public string? ResponseTopic => _values.GetValueOrDefault("response-topic");

    public ReadOnlyMemory<byte>? CorrelationData => _values.TryGetValue("correlation-data", out var text) ? Encoding.UTF8.GetBytes(text) : (ReadOnlyMemory<byte>?)null;

    public TimeSpan? MessageExpiry => Seconds("message-expiry-interval");

    public bool IsUtf8 => Number("payload-format-indicator", 0, 1) == 1;

    public bool IsEmpty => _values.Count == 0 && _userProperties.Count == 0;

    /// <exception cref="CommandException">Something is not known.</exception>
    public static PacketProperties Of(string packet, IEnumerable<string> given)
    {
        var result = new PacketProperties();
        foreach (var one in given)
        {
            var words = one.Split(MosquittoArguments.Separator);
            if (!Names.TryGetValue(words[0], out var names)) throw new CommandException($"-D {words[0]}: packets with properties here are {string.Join(", ", Names.Keys)}.");
            if (words.Length < 3) throw new CommandException($"-D {string.Join(' ', words)}: it reads -D {words[0]} NAME VALUE, for user-property -D {words[0]} user-property NAME VALUE.");
            if (!names.Contains(words[1])) throw new CommandException($"-D {words[0]} {words[1]}: its properties are {string.Join(", ", names)}.");
            if (words[0] != packet) continue;

            if (words[1] != "user-property") result._values[words[1]] = words[2];
            else if (words.Length == 4) result._userProperties.Add(new UserProperty(words[2], words[3]));
            else throw new CommandException($"-D {words[0]} user-property takes a name and a value.");
        }

        return result;
    }

    public long? Number(string name, long min, long max)
    {
        if (!_values.TryGetValue(name, out var text)) return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max) return value;

        throw new CommandException($"-D … {name} is '{text}'; it is from {min} to {max}.");
    }

    public TimeSpan? Seconds(string name) => Number(name, 0, uint.MaxValue) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
}
