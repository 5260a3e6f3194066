namespace Avocet.Simulation.Model;

/// <summary>Topic matching as section 4.7 words it, level by level. The plan has no topics that begin with "$".</summary>
internal static class TopicMatch
{
    private static readonly Dictionary<(string Filter, string Topic), bool> Known = BuildTable();

    public static bool IsMatch(string filter, string topic) => Known.TryGetValue((filter, topic), out var isMatch) ? isMatch : Compare(filter, topic);

    private static bool Compare(string filter, string topic)
    {
        var wanted = filter.Split('/');
        var levels = topic.Split('/');
        for (var i = 0; i < wanted.Length; i++)
        {
            // "a/#" matches "a" too.
            if (wanted[i] == "#") return true;
            if (i >= levels.Length || (wanted[i] != "+" && wanted[i] != levels[i])) return false;
        }

        return wanted.Length == levels.Length;
    }

    private static Dictionary<(string Filter, string Topic), bool> BuildTable()
    {
        var shared = RunPlan.SharedFilters.Select(filter => filter[(filter.IndexOf('/', "$share/".Length) + 1)..]);
        var table = new Dictionary<(string Filter, string Topic), bool>();
        foreach (var filter in RunPlan.Filters.Concat(shared).Distinct())
        {
            foreach (var topic in RunPlan.Topics) table[(filter, topic)] = Compare(filter, topic);
        }

        return table;
    }
}
