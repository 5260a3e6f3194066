using System.Diagnostics.CodeAnalysis;
using Avocet.Protocol;

namespace Avocet.Cli.Conformance;

/// <summary>One black-box check.</summary>
/// <param name="Name">Short, for <c>--only</c>.</param>
/// <param name="Title">What a broker has to do.</param>
/// <param name="Rules50">Statements of MQTT 5.0 it shows; none when it is no check of 5.0.</param>
/// <param name="Rules311">The same of 3.1.1.</param>
/// <param name="Run">Ends when the broker did it, or throws.</param>
internal sealed record Check(string Name, string Title, string[] Rules50, string[] Rules311, Func<CheckContext, Task> Run)
{
    /// <summary>What the broker must offer for it.</summary>
    public Feature Needs { get; init; }

    public string[] RulesOf(ProtocolVersion version) => version == ProtocolVersion.V50 ? Rules50 : Rules311;

    public static void That([DoesNotReturnIf(false)] bool condition, string problem)
    {
        if (!condition) throw new CheckFailedException(problem);
    }
}
