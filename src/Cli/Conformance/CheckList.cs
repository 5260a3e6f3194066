using Avocet.Cli.Conformance.Checks;

namespace Avocet.Cli.Conformance;

/// <summary>All checks, in the order of the report.</summary>
internal static class CheckList
{
    public static IReadOnlyList<Check> All { get; } =
    [
        .. ConnectChecks.All, .. SessionChecks.All, .. PublishChecks.All, .. RetainChecks.All, .. WillChecks.All, .. SubscribeChecks.All, .. FilterChecks.All,
        .. PropertyChecks.All, .. MalformedChecks.All,
    ];
}
