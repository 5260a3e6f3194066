using Xunit;

namespace Avocet.Server.Tests;

/// <summary>The tests that need MQTT's standard ports, one after the other.</summary>
[CollectionDefinition(nameof(StandardPorts), DisableParallelization = true)]
public sealed class StandardPorts;
