using System.CommandLine;
using System.Globalization;
using Avocet.Cli.Output;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet top</c>: which topics are the busiest.</summary>
internal static class TopCommand
{
    private const int RowsWithoutTerminal = 20;

    public static Command Create() => new TopicWatch().Create("top", "Show the busiest topics, again and again: rate, size, last value.", Draw);

    private static List<string> Draw(IReadOnlyCollection<TopicActivity> topics, long more)
    {
        var lines = new List<string>
        {
            string.Create(CultureInfo.InvariantCulture, $"{topics.Count} topics, {topics.Sum(topic => topic.Rate):0.0} messages/s, {topics.Sum(topic => topic.ByteRate):0} bytes/s{(more > 0 ? $"; {more} messages of further topics" : "")}"),
            Terminal.Dim($"{"msg/s",8} {"messages",9} {"bytes/s",10} {"last size",9}  topic and last value"),
        };
        var rows = Terminal.IsInteractive ? Terminal.Height - 3 : RowsWithoutTerminal;
        foreach (var topic in topics.OrderByDescending(topic => topic.Rate).ThenByDescending(topic => topic.Count).ThenBy(topic => topic.Topic, StringComparer.Ordinal).Take(rows))
        {
            var name = Terminal.Printable(topic.Topic, Terminal.Width / 2);
            var value = Terminal.Printable(topic.LastText, Math.Max(0, Terminal.Width - 43 - name.Length));
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{topic.Rate,8:0.0} {topic.Count,9} {topic.ByteRate,10:0} {topic.Last.Length,9}  {Terminal.Topic(name)} {value}"));
        }

        return lines;
    }
}
