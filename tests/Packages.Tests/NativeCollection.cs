using Xunit;

namespace Avocet.Packages.Tests;

/// <summary>Both packages for Debian are compiled in the same folder, one after the other: the second has only the machine code left to do.</summary>
[CollectionDefinition(Name)]
public sealed class NativeCollection
{
    public const string Name = "native";
}
