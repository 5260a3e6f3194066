using System.Text;

namespace Avocet.Security.Access;

/// <summary>
/// The topic filter of a rule, cut into its levels; a level <c>%c</c> stands for the client identifier, <c>%u</c> for the user name. As in Mosquitto, and
/// as in subscriptions, a wildcard in the first level does not match topics that begin with <c>$</c>.
/// </summary>
internal sealed class AclFilter
{
    private static readonly byte[] Plus = "+"u8.ToArray();
    private static readonly byte[] Hash = "#"u8.ToArray();

    private readonly byte[][] _levels;
    private readonly LevelKind[] _kinds;

    private AclFilter(byte[][] levels, LevelKind[] kinds)
    {
        _levels = levels;
        _kinds = kinds;
    }

    private enum LevelKind : byte
    {
        Literal,
        Plus,
        Hash,
        ClientId,
        UserName,

        /// <summary>A level with <c>%c</c> or <c>%u</c> and more.</summary>
        Template,
    }

    /// <summary>Whether it needs a user name.</summary>
    public bool NamesUser { get; private init; }

    /// <summary>Reads a filter; the reason when it is none.</summary>
    public static AclFilter? Parse(string text, bool isPattern, out string problem)
    {
        problem = "";
        var parts = text.Split('/');
        var kinds = new LevelKind[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            kinds[i] = parts[i] switch
            {
                "+" => LevelKind.Plus,
                "#" => LevelKind.Hash,
                "%c" when isPattern => LevelKind.ClientId,
                "%u" when isPattern => LevelKind.UserName,
                _ when isPattern && (parts[i].Contains("%c", StringComparison.Ordinal) || parts[i].Contains("%u", StringComparison.Ordinal)) => LevelKind.Template,
                _ => LevelKind.Literal,
            };
            if (kinds[i] == LevelKind.Hash && i < parts.Length - 1) problem = "'#' is only allowed as the last level";
            if (kinds[i] is LevelKind.Literal or LevelKind.Template && parts[i].AsSpan().ContainsAny('+', '#')) problem = "'+' and '#' stand for whole levels";
        }

        if (text.Length == 0) problem = "the topic is missing";
        if (Encoding.UTF8.GetByteCount(text) > ushort.MaxValue) problem = "the topic has more than 65,535 bytes";

        return problem.Length > 0
            ? null
            : new AclFilter([.. parts.Select(Encoding.UTF8.GetBytes)], kinds) { NamesUser = isPattern && text.Contains("%u", StringComparison.Ordinal) };
    }

    /// <summary>Whether it matches a Topic Name.</summary>
    public bool Matches(ReadOnlySpan<byte> topicName, Subject subject)
    {
        if (!topicName.IsEmpty && topicName[0] == '$' && !BeginsWithDollar) return false;

        var place = 0;
        foreach (var level in topicName.Split((byte)'/'))
        {
            if (place == _levels.Length) return false;
            if (_kinds[place] == LevelKind.Hash) return true;
            if (!Fits(place, topicName[level], subject)) return false;

            place++;
        }

        // "a/#" matches "a" too.
        return place == _levels.Length || (place == _levels.Length - 1 && _kinds[place] == LevelKind.Hash);
    }

    /// <summary>Whether it matches every topic that a Topic Filter matches.</summary>
    public bool Covers(ReadOnlySpan<byte> topicFilter, Subject subject)
    {
        if (!topicFilter.IsEmpty && topicFilter[0] == '$' && !BeginsWithDollar) return false;

        var place = 0;
        foreach (var range in topicFilter.Split((byte)'/'))
        {
            var level = topicFilter[range];
            if (place == _levels.Length) return false;
            if (_kinds[place] == LevelKind.Hash) return true;
            if (level.SequenceEqual(Hash)) return false;
            if (level.SequenceEqual(Plus) ? _kinds[place] != LevelKind.Plus : !Fits(place, level, subject)) return false;

            place++;
        }

        return place == _levels.Length || (place == _levels.Length - 1 && _kinds[place] == LevelKind.Hash);
    }

    /// <summary>Whether there is a topic that both it and a Topic Filter match.</summary>
    public bool Overlaps(ReadOnlySpan<byte> topicFilter, Subject subject)
    {
        var isDollar = !topicFilter.IsEmpty && topicFilter[0] == '$';
        if (isDollar != BeginsWithDollar) return false;

        var place = 0;
        foreach (var range in topicFilter.Split((byte)'/'))
        {
            var level = topicFilter[range];
            if (level.SequenceEqual(Hash)) return true;
            if (place == _levels.Length) return false;
            if (_kinds[place] == LevelKind.Hash) return true;
            if (!level.SequenceEqual(Plus) && !Fits(place, level, subject)) return false;

            place++;
        }

        return place == _levels.Length || (place == _levels.Length - 1 && _kinds[place] == LevelKind.Hash);
    }

    private bool BeginsWithDollar => _kinds[0] == LevelKind.Literal && _levels[0].Length > 0 && _levels[0][0] == '$';

    private bool Fits(int place, ReadOnlySpan<byte> level, Subject subject) => _kinds[place] switch
    {
        LevelKind.Plus => true,
        LevelKind.ClientId => subject.ClientId is { } clientId && level.SequenceEqual(clientId),
        LevelKind.UserName => subject.UserName is { } userName && level.SequenceEqual(userName),
        LevelKind.Template => FitsTemplate(Encoding.UTF8.GetString(_levels[place]), level, subject),
        _ => level.SequenceEqual(_levels[place]),
    };

    private static bool FitsTemplate(string template, ReadOnlySpan<byte> level, Subject subject)
    {
        var needsClient = template.Contains("%c", StringComparison.Ordinal);
        var needsUser = template.Contains("%u", StringComparison.Ordinal);
        if ((needsClient && subject.ClientId is null) || (needsUser && subject.UserName is null)) return false;

        // In one go: a user name may itself look like a placeholder.
        var text = new StringBuilder();
        for (var i = 0; i < template.Length; i++)
        {
            var name = template[i] == '%' && i + 1 < template.Length ? template[i + 1] : ' ';
            if (name == 'c') text.Append(subject.ClientIdText);
            else if (name == 'u') text.Append(subject.UserNameText);
            else text.Append(template[i]);

            if (name is 'c' or 'u') i++;
        }

        return level.SequenceEqual(Encoding.UTF8.GetBytes(text.ToString()));
    }
}
