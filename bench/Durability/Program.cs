using System.Diagnostics;
using System.Globalization;
using Avocet.Durability;
using Avocet.Protocol;

if (args is not [var avocet, var roundsText, var restartText, .. var only] || only is not ([] or ["queued"]))
{
    Console.Error.WriteLine("usage: Avocet.Durability AVOCET ROUNDS RESTART_MESSAGES [queued]; bench/Durability/run.sh does it");
    return 1;
}

var rounds = int.Parse(roundsText, CultureInfo.InvariantCulture);
var restartMessages = int.Parse(restartText, CultureInfo.InvariantCulture);
var folder = Directory.CreateTempSubdirectory("avocet-bench-").FullName;

// More than the other broker can hold in memory is for Avocet alone.
var isQueuedOnly = only.Length > 0;
BrokerKind[] kinds = isQueuedOnly ? [BrokerKind.AvocetFsync] : Enum.GetValues<BrokerKind>();
var results = new Results();
try
{
    // Interleaved, so that what else the machine does hits all alike.
    for (var round = 0; round < rounds && !isQueuedOnly; round++)
    {
        foreach (var kind in kinds) MeasureFanOut(kind, 10, 20_000, isDrained: true);
        foreach (var kind in kinds) MeasureFanOut(kind, 1000, 2_000, isDrained: false);
    }

    if (restartMessages > 0)
    {
        MeasureRestart("queued", broker =>
        {
            Load.Subscribe(broker, 10);
            Load.Publish(broker, restartMessages / 10);
        }, "session-0", null);
        if (!isQueuedOnly) MeasureRestart("retained", broker => Load.Publish(broker, restartMessages, retain: true), "probe", Load.RetainedTopic(restartMessages / 2));
    }
}
finally
{
    Directory.Delete(folder, recursive: true);
}

results.Write(Console.Out);
return 0;

void MeasureFanOut(BrokerKind kind, int sessions, int messages, bool isDrained)
{
    var data = Path.Combine(folder, "data");
    using (var broker = BrokerProcess.Start(kind, avocet, data))
    {
        Load.Subscribe(broker, sessions);

        // Compiles what is hot.
        Load.Publish(broker, messages / 10);
        var hasFigures = kind != BrokerKind.Mosquitto;
        var ownBefore = hasFigures ? Load.ReadSys(broker, "storage/bytes/written") : 0;
        var before = broker.BytesWritten;
        var seconds = Load.Publish(broker, messages);
        results.Add($"publish to {sessions} offline sessions, messages/s", kind, messages / seconds);
        if (hasFigures)
        {
            var own = Load.ReadSys(broker, "storage/bytes/written") - ownBefore;
            results.Add($"publish to {sessions}: bytes written per message ($SYS)", kind, own / (double)messages);
        }

        // Mosquitto writes once a second, and what is dirty counts when it was written.
        Thread.Sleep(2000);
        results.Add($"publish to {sessions}: bytes written per message (/proc/PID/io)", kind, (broker.BytesWritten - before) / (double)messages);
        if (isDrained)
        {
            var each = messages + (messages / 10);
            results.Add($"drain {sessions} sessions, messages/s", kind, sessions * each / Load.Drain(broker, sessions, each));
        }
    }

    Directory.Delete(data, recursive: true);
}

void MeasureRestart(string what, Action<BrokerProcess> fill, string clientId, string? topic)
{
    foreach (var kind in kinds)
    {
        using var broker = BrokerProcess.Start(kind, avocet, Path.Combine(folder, $"{what}-{kind}"), isFilling: true);
        fill(broker);
        broker.Stop();
    }

    for (var round = 0; round < rounds; round++)
    {
        foreach (var kind in kinds)
        {
            using var broker = BrokerProcess.Start(kind, avocet, Path.Combine(folder, $"{what}-{kind}"));
            using (var connection = broker.Connect(clientId, isClean: topic is not null))
            {
                results.Add($"restart with {restartMessages} {what}: first CONNACK, ms", kind, Stopwatch.GetElapsedTime(broker.StartedAt).TotalMilliseconds);
                if (topic is not null) connection.Subscribe(topic, Qos.AtLeastOnce);
                connection.ReadText();
                results.Add($"restart with {restartMessages} {what}: first message, ms", kind, Stopwatch.GetElapsedTime(broker.StartedAt).TotalMilliseconds);
            }

            broker.Stop();
        }
    }

    foreach (var kind in kinds) Directory.Delete(Path.Combine(folder, $"{what}-{kind}"), recursive: true);
}
