using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Topics;

namespace Avocet.Cli.Clients;

/// <summary>Finds what is wrong with a topic before there is a connection.</summary>
internal static class TopicChecks
{
    /// <exception cref="CommandException">Nothing can be published there.</exception>
    public static string CheckName(string topic)
    {
        var utf8 = Encoding.UTF8.GetBytes(topic);
        if (TopicName.IsValid(utf8)) return topic;

        var problem = topic.Length == 0 ? "is empty"
            : TopicName.IndexOfWildcard(utf8) >= 0 ? "has a wildcard, + or #; messages go to one topic"
            : utf8.Length > Limits.StringSizeMax ? $"has {utf8.Length} bytes; at most {Limits.StringSizeMax} fit"
            : "has the character U+0000";
        throw new CommandException($"The topic '{topic.Replace("\0", "\\0", StringComparison.Ordinal)}' {problem}.");
    }

    /// <exception cref="CommandException">Nothing can be subscribed with it.</exception>
    public static string CheckFilter(string filter)
    {
        var utf8 = Encoding.UTF8.GetBytes(filter);
        if (SharedFilter.IsShared(utf8) ? SharedFilter.TryParse(utf8, out _) : TopicFilter.IsValid(utf8)) return filter;

        throw new CommandException(
            $"The topic filter '{filter.Replace("\0", "\\0", StringComparison.Ordinal)}' is not valid: # stands alone as the last level, + alone as a level, and shared filters are $share/name/filter.");
    }
}
