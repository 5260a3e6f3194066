using Avocet.Broker;
using Avocet.TestKit;

namespace Avocet.Simulation.RealClients;

/// <summary>What a seed decides about a run with real clients before it begins.</summary>
internal sealed record ClientPlan
{
    public static IReadOnlyList<string> Topics { get; } = ["a", "a/b", "a/long/topic/of/five", "b"];

    public static IReadOnlyList<string> Filters { get; } = ["#", "a/#", "a/b", "+", "b"];

    public required ulong Seed { get; init; }

    public int Clients { get; init; }

    public int Steps { get; init; }

    /// <summary>Cuts in a thousand steps.</summary>
    public int CutsPerThousand { get; init; }

    /// <summary>How many in a thousand connections are refused.</summary>
    public int RefusalsPerThousand { get; init; }

    /// <summary>Bytes a side leaves unread before the other has to wait.</summary>
    public int WireBuffer { get; init; }

    public required BrokerOptions Options { get; init; }

    public static ClientPlan Of(ulong seed)
    {
        var random = new SeededRandom(seed ^ 0xC11E);
        return new ClientPlan
        {
            Seed = seed,
            Clients = random.Between(2, 6),
            Steps = random.Between(500, 4000),
            CutsPerThousand = random.Pick([2, 10, 40, 100]),
            RefusalsPerThousand = random.Pick([0, 200, 700]),
            WireBuffer = random.Pick([64, 256, 4096, 65536]),
            Options = new BrokerOptions
            {
                SysIntervalSeconds = 0,
                QueueMessagesMax = 1_000_000,
                QueueBytesMax = 1L << 40,
                InflightMax = random.Pick([1, 2, 5, 256]),
                ReceiveMaximum = random.Pick([1, 5, 20, 1024]),
                OutboundBytesMax = random.Pick([128, 1024, 1024 * 1024]),
                QueueQos0 = random.Chance(300),
            },
        };
    }
}
