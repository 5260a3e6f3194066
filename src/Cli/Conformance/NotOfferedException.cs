namespace Avocet.Cli.Conformance;

/// <summary>The broker is free not to have what a check needs, and said so.</summary>
internal sealed class NotOfferedException(string message) : Exception(message);
