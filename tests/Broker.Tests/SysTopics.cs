using Avocet.Protocol;
using Avocet.TestKit;

namespace Avocet.Broker.Tests;

/// <summary>Reads <c>$SYS</c> the way a client does.</summary>
internal static class SysTopics
{
    private const string Prefix = "$SYS/broker/";

    /// <summary>The value after the next publication of <c>$SYS</c>, which the clock is moved to.</summary>
    public static async Task<string> ReadNextAsync(TestBroker broker, string name)
    {
        await broker.AdvanceAsync(broker.Broker.Options.SysIntervalSeconds + 1);
        return await ReadAsync(broker, name);
    }

    /// <summary>The value as it was published last.</summary>
    public static async Task<string> ReadAsync(TestBroker broker, string name)
    {
        var reader = await broker.ConnectAsync(Given.Client("").Subscribed(Prefix + name));
        var publish = await reader.ReadPacketAsync(PacketType.Publish);
        await reader.DisconnectAsync();
        return publish.PayloadText;
    }
}
