using System.Diagnostics;
using System.Globalization;
using Avocet.ClientBench;

// usage: Avocet.ClientBench avocet|mqttnet pub|sub|feed QOS COUNT PORT, or summary FILE; bench/Client/compare.sh starts it.
const int PayloadSize = 100, Window = 200, WarmUp = 20_000;
const string ReceiveTopic = "bench/client/receive";
var quiet = TimeSpan.FromSeconds(2);
if (args is ["summary", var file])
{
    Measurement.Summarize(File.ReadLines(file));
    return 0;
}

if (args is not [var library, var direction, var qosText, var countText, var portText])
{
    Console.Error.WriteLine("usage: Avocet.ClientBench avocet|mqttnet pub|sub|feed QOS COUNT PORT, or summary FILE; bench/Client/compare.sh starts it");
    return 1;
}

var qos = int.Parse(qosText, CultureInfo.InvariantCulture);
var count = int.Parse(countText, CultureInfo.InvariantCulture);
var port = int.Parse(portText, CultureInfo.InvariantCulture);
if (direction == "sub" && count <= WarmUp)
{
    Console.Error.WriteLine($"COUNT is {count}; the first {WarmUp} messages are not measured, so it is to be more.");
    return 1;
}

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
    Snapshot? begin = null;
    // Taken by the message itself: a timer would come too late on a busy machine.
    await client.SubscribeAsync(ReceiveTopic, qos, () =>
    {
        if (Interlocked.Increment(ref received) == WarmUp) Volatile.Write(ref begin, Snapshot.Take());
    });
    Console.WriteLine("ready");
    var last = 0L;
    var changed = Stopwatch.StartNew();
    while (last < count && (last < WarmUp || changed.Elapsed < quiet))
    {
        await Task.Delay(20);
        var now = Volatile.Read(ref received);
        if (now != last) changed.Restart();
        last = now;
    }

    begin!.Report(library, direction, qos, last - WarmUp);
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
        Console.WriteLine(new Measurement
        {
            Direction = direction,
            Qos = qos,
            Library = library,
            Messages = messages,
            CpuSeconds = (end.Cpu - Cpu).TotalSeconds,
            Allocated = end.Allocated - Allocated,
            Seconds = Stopwatch.GetElapsedTime(Timestamp).TotalSeconds,
        });
    }
}
