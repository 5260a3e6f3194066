namespace Avocet.Cli.Conformance;

/// <summary>The broker did not do what a check demands.</summary>
internal sealed class CheckFailedException(string message) : Exception(message);
