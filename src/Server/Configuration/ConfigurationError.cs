namespace Avocet.Server.Configuration;

/// <summary>Something wrong in the configuration.</summary>
public sealed record ConfigurationError(Origin Origin, string Message)
{
    public override string ToString() => $"{Origin}: {Message}";
}
