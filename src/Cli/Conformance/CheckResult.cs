using Avocet.Protocol;

namespace Avocet.Cli.Conformance;

/// <summary>How a check ended.</summary>
internal enum Outcome
{
    Passed,
    Failed,

    /// <summary>The broker does not have what the check needs, as it may.</summary>
    NotOffered,
}

/// <summary>What a check found.</summary>
internal sealed record CheckResult(Check Check, ProtocolVersion Version, Outcome Outcome, string? Problem, TimeSpan Time)
{
    public string[] Rules => Check.RulesOf(Version);
}
