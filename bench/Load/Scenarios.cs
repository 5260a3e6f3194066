using System.Globalization;

namespace Avocet.Load;

/// <summary>What is measured.</summary>
internal static class Scenarios
{
    private const double Megabyte = 1024 * 1024;

    public static readonly IReadOnlyList<Scenario> All =
    [
        new("idle", IdleAsync),
        Flow("pair0", "pair 10→10, QoS 0", "pair", "--qos", "0"),
        Flow("pair1", "pair 10→10, QoS 1", "pair", "--qos", "1"),
        Flow("pair2", "pair 10→10, QoS 2", "pair", "--qos", "2"),
        Flow("pair1v5", "pair 10→10, QoS 1, MQTT 5", "pair", "--qos", "1", "--mqtt", "5"),
        Flow("pair0-1k", "pair 10→10, QoS 0, 1 kB", "pair", "--qos", "0", "--payload", "1024"),
        Flow("pair0-64k", "pair 10→10, QoS 0, 64 kB", "pair", "--qos", "0", "--payload", "65536"),
        Flow("fanout0", "fan-out 1→100, QoS 0", "fanout", "--qos", "0"),
        Flow("fanout1", "fan-out 1→100, QoS 1", "fanout", "--qos", "1"),
        Flow("fanin0", "fan-in 50→1, QoS 0", "fanin", "--qos", "0"),
        Flow("fanin1", "fan-in 50→1, QoS 1", "fanin", "--qos", "1"),
        Flow("pair0-acl", "pair 10→10, QoS 0, with access rules", "pair", "--qos", "0") with { Setup = BrokerSetup.AccessRules },
        Flow("pair1-acl", "pair 10→10, QoS 1, with access rules", "pair", "--qos", "1") with { Setup = BrokerSetup.AccessRules },
        Flow("fanout0-acl", "fan-out 1→100, QoS 0, with access rules", "fanout", "--qos", "0") with { Setup = BrokerSetup.AccessRules },
        Latency("latency0", "0"),
        Latency("latency1", "1"),
        new("conn", ConnectAsync),
        new("churn", ChurnAsync),
        Filters("filters-100k", 100_000),
        Filters("filters-1m", 1_000_000),
        new("retain", RetainAsync),
        new("retain-latency", RetainLatencyAsync),
        new("offline", OfflineAsync, BrokerSetup.LongQueues),
        new("soak", Soak.RunAsync, IsOnRequest: true),
        new("console", ConsoleScenario.RunAsync, IsOnRequest: true),
        .. AbuseScenarios.All,
    ];

    private static async Task IdleAsync(Measurement measurement)
    {
        measurement.Add("start to first CONNACK, ms", measurement.Broker.StartTime.TotalMilliseconds);
        measurement.Add("idle: RSS, MB", await ReadIdleMemoryAsync(measurement) / Megabyte);
    }

    /// <summary>RSS once the broker has started in full: the first CONNACK can come before that, as from an Avocet whose console is not up yet.</summary>
    private static async Task<long> ReadIdleMemoryAsync(Measurement measurement)
    {
        await Task.Delay(TimeSpan.FromSeconds(2));
        return measurement.Broker.Use.ResidentBytes;
    }

    private static Scenario Flow(string name, string what, params string[] load) => new(name, async measurement =>
    {
        var phases = await measurement.RunAsync([.. load, "--seconds", measurement.Seconds, "--warmup", measurement.Warmup]);
        var messages = phases["messages"];
        measurement.Add($"{what}: delivered per CPU-second", messages.PerCpuSecond("delivered"));
        if (messages.Count("published") != messages.Count("delivered")) measurement.Add($"{what}: published per CPU-second", messages.PerCpuSecond("published"));

        measurement.AddMemory(what);
    });

    private static Scenario Latency(string name, string qos) => new(name, async measurement =>
    {
        var phases = await measurement.RunAsync("latency", "--rate", "5000", "--qos", qos, "--seconds", measurement.Seconds, "--warmup", measurement.Warmup);
        var messages = phases["messages"];
        var what = $"5,000 msg/s 1→1, QoS {qos}";
        measurement.Add($"{what}: CPU, ms a second", 1000 * messages.BrokerCpuSeconds / messages.Count("seconds"));
        foreach (var percentile in (string[])["p50", "p99", "p99.9"]) measurement.Add($"{what}: {percentile}, µs", messages.Latency(percentile));
    });

    private static async Task ConnectAsync(Measurement measurement)
    {
        const int Connections = 9000;

        var before = await ReadIdleMemoryAsync(measurement);
        var phases = await measurement.RunAsync("conn", "--clients", Connections.ToString(CultureInfo.InvariantCulture), "--seconds", "2");
        measurement.Add("9,000 idle connections: connects per CPU-second", phases["connect"].PerCpuSecond("connected"));
        measurement.Add("9,000 idle connections: RSS bytes each", (phases["hold"].End.ResidentBytes - before) / (double)Connections);
    }

    private static async Task ChurnAsync(Measurement measurement)
    {
        var phases = await measurement.RunAsync("churn", "--clients", "10", "--seconds", measurement.Seconds, "--warmup", measurement.Warmup);
        measurement.Add("churn: cycles per CPU-second", phases["cycles"].PerCpuSecond("cycles"));
    }

    private static Scenario Filters(string name, int count) => new(name, async measurement =>
    {
        var filters = measurement.Scaled(count);
        var phases = await measurement.RunAsync("filters", "--count", filters, "--clients", "100", "--seconds", measurement.Seconds);
        var (subscribe, messages) = (phases["subscribe"], phases["messages"]);
        var what = $"{int.Parse(filters, CultureInfo.InvariantCulture).ToString("N0", CultureInfo.InvariantCulture)} filters";
        measurement.Add($"{what}: subscribed per CPU-second", subscribe.PerCpuSecond("subscribed"));
        measurement.Add($"{what}: RSS bytes each", (subscribe.End.ResidentBytes - subscribe.Begin.ResidentBytes) / subscribe.Count("subscribed"));
        measurement.Add($"{what}: delivered per CPU-second", messages.PerCpuSecond("delivered"));
    });

    private static async Task RetainAsync(Measurement measurement)
    {
        var phases = await measurement.RunAsync("retain", "--count", measurement.Scaled(100_000), "--keep");
        measurement.Add("retained: stored per CPU-second", phases["store"].PerCpuSecond("published"));
        measurement.Add("retained: replayed per CPU-second", phases["replay"].PerCpuSecond("delivered"));
        measurement.Add("retained: subscribe to one, p50, µs", phases["fetch"].Latency("p50"));
        measurement.AddMemory("retained");
    }

    /// <summary>How much the replay of everything that is retained holds up others.</summary>
    private static async Task RetainLatencyAsync(Measurement measurement)
    {
        string[] latency = ["latency", "--rate", "1000", "--seconds", measurement.Seconds, "--warmup", measurement.Warmup];
        var count = measurement.Scaled(1_000_000);
        await measurement.RunAsync("retain", "--count", count, "--keep", "--topic", "retained");
        var alone = await measurement.RunAsync(latency);

        // The replay begins after the warm-up, and again until the latency has been measured.
        var disturbed = measurement.RunAsync(latency);
        await Task.Delay(TimeSpan.FromSeconds(double.Parse(measurement.Warmup, CultureInfo.InvariantCulture) + 1));
        while (!disturbed.IsCompleted) await measurement.RunAsync("sub", "--topic", "retained/#", "--messages", count, "--seconds", "30");

        const string What = "1,000 msg/s beside the replay of all retained";
        measurement.Add($"{What}: p99 without it, µs", alone["messages"].Latency("p99"));
        measurement.Add($"{What}: p99, µs", (await disturbed)["messages"].Latency("p99"));
        measurement.Add($"{What}: longest, µs", disturbed.Result["messages"].Latency("max"));
    }

    private static async Task OfflineAsync(Measurement measurement)
    {
        var phases = await measurement.RunAsync("offline", "--subscribers", "10", "--messages", measurement.Scaled(50_000));
        measurement.Add("QoS 1 to 10 clients offline: published per CPU-second", phases["publish"].PerCpuSecond("published"));
        measurement.Add("QoS 1 to 10 clients offline: drained per CPU-second", phases["drain"].PerCpuSecond("delivered"));
        measurement.AddMemory("QoS 1 to 10 clients offline");
    }
}
