using System.Diagnostics;
using System.Globalization;
using Avocet.ClientBench;

// usage: Avocet.ClientBench avocet|mqttnet pub|sub|feed QOS COUNT PORT; bench/Client/compare.sh starts it.
const int PayloadSize = 100, Window = 200, WarmUp = 5000;
const string ReceiveTopic = "bench/client/receive";
var quiet = TimeSpan.FromSeconds(2);
if (args is not [var library, var direction, var qosText, var countText, var portText])
{
    Console.Error.WriteLine("usage: Avocet.ClientBench avocet|mqttnet pub|sub|feed QOS COUNT PORT; bench/Client/compare.sh starts it");
    return 1;
}

var qos = int.Parse(qosText, CultureInfo.InvariantCulture);
var count = int.Parse(countText, CultureInfo.InvariantCulture);
var port = int.Parse(portText, CultureInfo.InvariantCulture);
await using var client = library == "avocet" ? await AvocetBenchClient.ConnectAsync(port) : await MqttNetBenchClient.ConnectAsync(port);
switch (direction)
{
    case "pub": await MeasurePublishingAsync(); break;
    case "sub": await MeasureReceivingAsync(); break;
    // The load for a receiver; WarmUp of it is received before the measurement begins.
    default: await client.PublishAsync(ReceiveTopic, new byte[PayloadSize], qos, count, Window); break;
}

return 0;

async Task MeasurePublishingAsync()
{
    const string Topic = "bench/client/publish";
    var payload = new byte[PayloadSize];
    await client.PublishAsync(Topic, payload, qos, WarmUp, Window);
    await client.PublishAsync(Topic, payload, 1, 1, 1);
    var begin = Snapshot.Take();
    await client.PublishAsync(Topic, payload, qos, count, Window);
    // At QoS 0 this one's acknowledgement says that all others were read.
    await client.PublishAsync(Topic, payload, 1, 1, 1);
    begin.Report(library, direction, qos, count);
}

async Task MeasureReceivingAsync()
{
    var received = 0L;
    await client.SubscribeAsync(ReceiveTopic, qos, () => Interlocked.Increment(ref received));
    Console.WriteLine("ready");
    while (Volatile.Read(ref received) < WarmUp) await Task.Delay(10);

    var begin = Snapshot.Take();
    var first = Volatile.Read(ref received);
    var last = first;
    var changed = Stopwatch.StartNew();
    while (changed.Elapsed < quiet && last - first < count - WarmUp)
    {
        await Task.Delay(20);
        var now = Volatile.Read(ref received);
        if (now != last) changed.Restart();
        last = now;
    }

    begin.Report(library, direction, qos, last - first);
}

/// <summary>What the process has used so far.</summary>
internal sealed record Snapshot(TimeSpan Cpu, long Allocated, long Timestamp)
{
    public static Snapshot Take()
    {
        using var process = Process.GetCurrentProcess();
        return new Snapshot(process.TotalProcessorTime, GC.GetTotalAllocatedBytes(precise: true), Stopwatch.GetTimestamp());
    }

    public void Report(string library, string direction, int qos, long messages)
    {
        var end = Take();
        var cpu = (end.Cpu - Cpu).TotalSeconds;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {direction} | {qos} | {library} | {messages:N0} | {messages / cpu:N0} | {(double)(end.Allocated - Allocated) / messages:N1} | {Stopwatch.GetElapsedTime(Timestamp).TotalSeconds:0.00} |"));
    }
}
