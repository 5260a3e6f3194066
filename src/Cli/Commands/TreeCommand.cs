using System.CommandLine;
using System.Globalization;
using Avocet.Cli.Output;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet tree</c>: the topics as a tree, with last values and rates.</summary>
internal static class TreeCommand
{
    public static Command Create() => new TopicWatch().Create("tree", "Show topics as a tree, again and again, with last values and rates.", Draw);

    private static List<string> Draw(IReadOnlyCollection<TopicActivity> topics, long more)
    {
        var root = new Node("");
        foreach (var topic in topics.OrderBy(topic => topic.Topic, StringComparer.Ordinal))
        {
            var node = root;
            foreach (var level in topic.Topic.Split('/')) node = node.Child(level);
            node.Activity = topic;
        }

        var lines = new List<string>();
        Add(root, "", lines);
        if (more > 0) lines.Add($"{more} messages of further topics");
        if (lines.Count >= Terminal.Height) lines = [.. lines.Take(Terminal.Height - 2), $"… {lines.Count - Terminal.Height + 2} more lines; ask for a part, such as 'home/kitchen/#'"];
        return lines;
    }

    private static void Add(Node node, string indent, List<string> lines)
    {
        for (var i = 0; i < node.Children.Count; i++)
        {
            var child = node.Children[i];
            var isLast = i == node.Children.Count - 1;
            var isTop = node.Level.Length == 0 && indent.Length == 0;
            var start = isTop ? "" : indent + (isLast ? "└─ " : "├─ ");
            var name = Terminal.Printable(child.Level, Terminal.Width);
            lines.Add(start + Terminal.Topic(name) + Describe(child, Terminal.Width - start.Length - name.Length));
            Add(child, isTop ? " " : indent + (isLast ? "   " : "│  "), lines);
        }
    }

    private static string Describe(Node node, int width)
    {
        if (node.Activity is not { } activity) return "";

        var rate = activity.Rate > 0 ? string.Create(CultureInfo.InvariantCulture, $"  {activity.Rate:0.0}/s") : "";
        return $" = {Terminal.Printable(activity.LastText, Math.Max(0, width - rate.Length - 3))}{Terminal.Dim(rate)}";
    }

    private sealed class Node(string level)
    {
        public string Level { get; } = level;

        public List<Node> Children { get; } = [];

        public TopicActivity? Activity { get; set; }

        // Topics come in order, so a level that exists is the last one.
        public Node Child(string level)
        {
            if (Children.Find(child => child.Level == level) is { } known) return known;

            var child = new Node(level);
            Children.Add(child);
            return child;
        }
    }
}
