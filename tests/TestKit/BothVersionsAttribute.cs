using System.Reflection;
using Avocet.Protocol;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

namespace Avocet.TestKit;

/// <summary>Runs a theory in MQTT 3.1.1 and in 5.0.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BothVersionsAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        return ValueTask.FromResult<IReadOnlyCollection<ITheoryDataRow>>(
        [
            new TheoryDataRow<ProtocolVersion>(ProtocolVersion.V311),
            new TheoryDataRow<ProtocolVersion>(ProtocolVersion.V50),
        ]);
    }

    public override bool SupportsDiscoveryEnumeration() => true;
}
