using System.Text;
using Avocet.Broker;
using Avocet.Broker.Security;
using Avocet.Protocol;

namespace Avocet.Management.Simulation;

/// <summary>The names of the simulated home, which no device of a user has, and the rule that its devices publish to these and to nothing else.</summary>
internal sealed class SimulatedHouse : IAuthorizer
{
    /// <summary>What topics, client identifiers and Home Assistant's addresses begin with.</summary>
    public const string Name = "simulation";

    /// <summary>The listener of the devices. It has no socket: nobody else can come through it.</summary>
    public static readonly ListenerPolicy Listener = new() { Name = Name, OwnRules = new SimulatedHouse() };

    private static readonly byte[] States = Encoding.UTF8.GetBytes($"{Name}/");
    private static readonly byte[] Discovery = Encoding.UTF8.GetBytes($"/{Name}_");

    private SimulatedHouse()
    {
    }

    /// <summary>The rule never changes.</summary>
    public int? Version => 0;

    public static bool IsClient(string clientId) => clientId.StartsWith($"{Name}-", StringComparison.Ordinal);

    public bool MayPublish(ClientIdentity client, ReadOnlySpan<byte> topicName, Qos qos, bool retain) =>
        topicName.StartsWith(States) || (topicName.StartsWith("homeassistant/"u8) && topicName.IndexOf(Discovery) > 0 && topicName.EndsWith("/config"u8));

    public bool MaySubscribe(ClientIdentity client, ReadOnlySpan<byte> topicFilter, Qos qos) => false;

    public string Explain(ClientIdentity client, ReadOnlySpan<byte> topic, AccessWish wish) => "devices of the simulated home publish to their own topics only";
}
