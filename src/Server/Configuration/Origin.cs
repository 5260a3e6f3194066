namespace Avocet.Server.Configuration;

/// <summary>Where a setting comes from.</summary>
/// <param name="Text"><c>avocet.toml:12</c>, <c>AVOCET_LOG_LEVEL</c>, <c>--port</c> or <c>default</c>.</param>
public sealed record Origin(string Text)
{
    public static Origin Default { get; } = new("default");

    /// <summary>The folder that relative paths of this origin start from; empty for the current one.</summary>
    internal string BaseFolder { get; init; } = "";

    public override string ToString() => Text;
}
