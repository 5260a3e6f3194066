namespace Avocet.Simulation;

/// <summary>The broker did what it must not, or did not do what it must.</summary>
#pragma warning disable CA1032 // It always says which rule.
internal sealed class ViolationException(string rule, string message, IReadOnlyCollection<int> clients, int messageNumber = 0) : Exception(message)
#pragma warning restore CA1032
{
    /// <summary>The rule, as the README lists them.</summary>
    public string Rule { get; } = rule;

    /// <summary>The clients concerned; their lines are in the shortened trace.</summary>
    public IReadOnlyCollection<int> Clients { get; } = clients;

    public int MessageNumber { get; } = messageNumber;
}
