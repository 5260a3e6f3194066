namespace Avocet.Server.Configuration;

/// <summary>What somebody who comes from another broker should know of a line of his configuration file.</summary>
/// <param name="Origin">The line.</param>
/// <param name="Message">What is otherwise here, why, and what comes nearest.</param>
public sealed record ConfigurationNote(Origin Origin, string Message)
{
    public override string ToString() => $"{Origin}: {Message}";
}
