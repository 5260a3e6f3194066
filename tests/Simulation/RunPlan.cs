using Avocet.Broker;
using Avocet.TestKit;

namespace Avocet.Simulation;

/// <summary>What a seed decides about a whole run before it begins.</summary>
internal sealed record RunPlan
{
    /// <summary>Topics with few names, so that much meets.</summary>
    public static IReadOnlyList<string> Topics { get; } = ["a", "a/b", "a/c", "a/b/c", "b", "b/x", "b/y", "c/b/x", "d", "d/long/topic/of/five"];

    public static IReadOnlyList<string> Filters { get; } = ["#", "a/#", "a/+", "+/b", "+/b/#", "a", "a/b", "a/b/c", "b/+", "b/x", "c/#", "d/#", "d", "+", "+/+/x"];

    public static IReadOnlyList<string> SharedFilters { get; } = ["$share/g/a/#", "$share/g/b/+", "$share/h/a/+", "$share/h/d", "$share/g/#"];

    public required ulong Seed { get; init; }

    public int Clients { get; init; }

    public int Steps { get; init; }

    /// <summary>Whether the pipes resume the broker on the stack that feeds them, or where the simulation decides.</summary>
    public bool IsInline { get; init; }

    /// <summary>Bytes a client leaves unread before the broker has to wait.</summary>
    public int WireBuffer { get; init; }

    /// <summary>Whether there is a store.</summary>
    public bool IsDurable { get; init; }

    /// <summary>Crashes in a million steps.</summary>
    public int CrashesPerMillion { get; init; }

    /// <summary>Outages of the disk in a million steps.</summary>
    public int OutagesPerMillion { get; init; }

    /// <summary>Milliseconds that a commit takes at most.</summary>
    public int CommitMillisecondsMax { get; init; }

    /// <summary>Whether queues are so small that they overflow: then nothing must arrive, but limits hold.</summary>
    public bool HasTinyQueues { get; init; }

    /// <summary>How often, in a thousand, a client's step is a cut, a takeover or another end.</summary>
    public int Unrest { get; init; }

    /// <summary>Topic Aliases that 5.0 clients use, and may be sent.</summary>
    public int TopicAliases { get; init; }

    /// <summary>Orderly stops in a million steps.</summary>
    public int StopsPerMillion { get; init; }

    public required BrokerOptions Options { get; init; }

    /// <summary>Draws a plan. <paramref name="mayCrash"/> is false for a broker that keeps nothing.</summary>
    public static RunPlan Of(ulong seed, bool mayCrash)
    {
        var random = new SeededRandom(seed ^ 0x5EED);
        var isDurable = mayCrash && !random.Chance(200);
        var hasTinyQueues = random.Chance(60);
        var durability = random.Chance(800) ? Durability.Fsync : Durability.Os;
        return new RunPlan
        {
            Seed = seed,
            Clients = random.Between(4, random.Chance(250) ? 60 : 25),
            Steps = random.Between(1500, 7000),
            IsInline = random.Chance(400),
            WireBuffer = random.Pick([64, 256, 1024, 65536]),
            IsDurable = isDurable,
            CrashesPerMillion = isDurable ? random.Pick([0, 300, 1000, 3000]) : 0,
            OutagesPerMillion = isDurable ? random.Pick([0, 0, 500, 1500]) : 0,
            CommitMillisecondsMax = random.Pick([0, 5, 300, 3000]),
            HasTinyQueues = hasTinyQueues,
            Unrest = random.Pick([10, 40, 120]),
            Options = new BrokerOptions
            {
                SysIntervalSeconds = 0,
                Durability = durability,
                QueueMessagesMax = hasTinyQueues ? random.Between(1, 5) : 1_000_000,
                QueueOverflow = random.Chance(500) ? QueueOverflow.DropNew : QueueOverflow.DropOldest,
                QueueBytesMax = 1L << 40,
                InflightMax = random.Pick([1, 2, 5, 256]),
                ReceiveMaximum = random.Pick([5, 20, 1024]),
                OutboundBytesMax = random.Pick([128, 1024, 1024 * 1024]),
                QueueQos0 = random.Chance(200),
                TopicDurabilities = isDurable && random.Chance(400) ? [new TopicDurability("d/#", Durability.None), new TopicDurability("c/#", Durability.Os)] : [],
            },
            TopicAliases = random.Pick([0, 1, 3, 10]),
            StopsPerMillion = isDurable ? random.Pick([0, 300, 1000]) : 0,
        };
    }
}
