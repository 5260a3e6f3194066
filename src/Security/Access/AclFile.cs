using System.Globalization;

namespace Avocet.Security.Access;

/// <summary>
/// A Mosquitto access file: <c>user</c>, <c>topic</c> and <c>pattern</c> lines. Immutable. Denials come before the rest of their list, the client's own list
/// before the patterns, and what no line allows is denied.
/// </summary>
internal sealed class AclFile
{
    private static readonly (string Word, bool IsAllow, AclAccess Access)[] Words =
    [
        ("read", true, AclAccess.Read),
        ("write", true, AclAccess.Write),
        ("readwrite", true, AclAccess.Read | AclAccess.Write),
        ("subscribe", true, AclAccess.Subscribe),
        ("deny", false, AclAccess.Read | AclAccess.Write | AclAccess.Subscribe),
    ];

    private readonly Dictionary<string, List<AclRule>> _users = new(StringComparer.Ordinal);
    private readonly List<AclRule> _anonymous = [];
    private readonly List<AclRule> _patterns = [];

    private AclFile(string path) => Path = path;

    public string Path { get; }

    public int Count { get; private set; }

    /// <exception cref="SecurityFileException">The file cannot be read, or a line is wrong; the message names file and line.</exception>
    public static AclFile Read(string path) => Parse(path, SecurityFile.ReadText(path));

    /// <exception cref="SecurityFileException">A line is wrong; the message names file and line.</exception>
    public static AclFile Parse(string path, string text)
    {
        var file = new AclFile(path);
        var list = file._anonymous;
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            var content = line.Trim();
            if (content.Length == 0 || content[0] == '#') continue;

            var origin = string.Create(CultureInfo.InvariantCulture, $"{path}:{number}");
            var (word, rest) = Cut(content);
            switch (word)
            {
                case "user" when rest.Length > 0:
                    if (!file._users.TryGetValue(rest, out var known)) file._users[rest] = known = [];
                    list = known;
                    break;
                case "topic":
                    list.Add(Rule(origin, content, rest, isPattern: false));
                    file.Count++;
                    break;
                case "pattern":
                    file._patterns.Add(Rule(origin, content, rest, isPattern: true));
                    file.Count++;
                    break;
                default:
                    throw new SecurityFileException($"{origin}: a line is 'user NAME', 'topic [ACCESS] TOPIC' or 'pattern [ACCESS] TOPIC'.");
            }
        }

        foreach (var rules in file._users.Values.Append(file._anonymous).Append(file._patterns)) DenialsFirst(rules);

        return file;
    }

    public Decision Decide(Subject subject, AclAction action, ReadOnlySpan<byte> topic)
    {
        var own = subject.UserNameText is { } userName ? _users.GetValueOrDefault(userName) ?? [] : _anonymous;
        if (action == AclAction.Subscribe) return DecideSubscription(own, subject, topic);

        var access = action == AclAction.Publish ? AclAccess.Write : AclAccess.Read | AclAccess.Subscribe;
        return Decide(own, subject, access, topic) ?? Decide(_patterns, subject, access, topic) ?? new Decision(false, null, $"no line of {Path} allows it");
    }

    private static Decision? Decide(List<AclRule> rules, Subject subject, AclAccess access, ReadOnlySpan<byte> topicName)
    {
        foreach (var rule in rules)
        {
            if ((rule.Access & access) != 0 && rule.IsFor(subject) && rule.Filter.Matches(topicName, subject)) return new Decision(rule.IsAllow, rule);
        }

        return null;
    }

    /// <summary>
    /// Mosquitto grants every subscription and looks at each message. Here one is refused that can never match a message the client may receive. With a
    /// "subscribe" line for the client, its filters have to lie within such lines.
    /// </summary>
    private Decision DecideSubscription(List<AclRule> own, Subject subject, ReadOnlySpan<byte> topicFilter)
    {
        var isStrict = own.Concat(_patterns).Any(rule => rule.Access == AclAccess.Subscribe && rule.IsFor(subject));
        foreach (var rules in (ReadOnlySpan<List<AclRule>>)[own, _patterns])
        {
            foreach (var rule in rules)
            {
                if (!rule.IsFor(subject)) continue;

                var counts = !rule.IsAllow || isStrict
                    ? (!rule.IsAllow || rule.Access == AclAccess.Subscribe) && rule.Filter.Covers(topicFilter, subject)
                    : (rule.Access & AclAccess.Read) != 0 && rule.Filter.Overlaps(topicFilter, subject);
                if (counts) return new Decision(rule.IsAllow, rule);
            }
        }

        return new Decision(false, null, isStrict ? $"it does not lie within a 'subscribe' line of {Path}" : $"no line of {Path} allows to read anything that it matches");
    }

    private static AclRule Rule(string origin, string content, string rest, bool isPattern)
    {
        var (word, topic) = Cut(rest);
        var index = Array.FindIndex(Words, candidate => candidate.Word == word);
        // A topic may have the name of an access word; then it stands alone.
        var isNamed = index >= 0 && topic.Length > 0;
        var (_, isAllow, access) = isNamed ? Words[index] : Words[2];
        if (!isNamed) topic = rest;
        if (!isNamed && rest.Contains(' ', StringComparison.Ordinal))
        {
            throw new SecurityFileException($"{origin}: '{word}' is no access; they are read, write, readwrite, subscribe and deny. A topic with a blank needs one.");
        }

        var filter = AclFilter.Parse(topic, isPattern, out var problem) ?? throw new SecurityFileException($"{origin}: {problem}.");
        return new AclRule(origin, content, isAllow, access, filter);
    }

    private static (string Word, string Tail) Cut(string text)
    {
        var blank = text.AsSpan().IndexOfAny(' ', '\t');
        return blank < 0 ? (text, "") : (text[..blank], text[blank..].Trim());
    }

    private static void DenialsFirst(List<AclRule> rules)
    {
        var ordered = rules.OrderBy(rule => rule.IsAllow).ToList();
        rules.Clear();
        rules.AddRange(ordered);
    }
}
