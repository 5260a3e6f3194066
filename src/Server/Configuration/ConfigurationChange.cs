namespace Avocet.Server.Configuration;

/// <summary>A setting that differs between two configurations.</summary>
/// <param name="Setting">Its path and new value, such as <c>log_level = "debug"</c>; only the path where it is gone or a password.</param>
/// <param name="IsReloadable">Whether it can be applied without a restart.</param>
public sealed record ConfigurationChange(string Setting, bool IsReloadable)
{
    /// <summary>What has to change to get from one configuration to the other.</summary>
    public static IReadOnlyList<ConfigurationChange> Between(ServerConfiguration current, ServerConfiguration wanted)
    {
        var before = ConfigurationListing.Flatten(current).ToDictionary(setting => setting.Path);
        var changes = new List<ConfigurationChange>();
        foreach (var after in ConfigurationListing.Flatten(wanted))
        {
            if (before.Remove(after.Path, out var old) && old.Value == after.Value) continue;

            var text = after.IsSecret ? after.Path : $"{after.Path} = {after.Value}";
            changes.Add(new ConfigurationChange(text, after.IsReloadable));
        }

        changes.AddRange(before.Values.Select(gone => new ConfigurationChange($"{gone.Path} back to its default", gone.IsReloadable)));
        return changes;
    }
}
