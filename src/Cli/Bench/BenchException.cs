namespace Avocet.Cli.Bench;

/// <summary>Why a load could not be run to its end, in a sentence for whoever runs it.</summary>
internal sealed class BenchException(string message) : Exception(message);
