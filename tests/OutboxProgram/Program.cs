using System.Globalization;
using Avocet.Client;
using Avocet.Protocol;

// usage: Avocet.OutboxProgram BROKER OUTBOX FIRST [COUNT]
// Enqueues messages with the numbers from FIRST on, at QoS 1 and 2 by turns, and writes each number once the message is kept. Without COUNT it goes on until
// it is killed; with COUNT it ends when all that the outbox holds is acknowledged.
if (args.Length is not (3 or 4))
{
    await Console.Error.WriteLineAsync("usage: Avocet.OutboxProgram BROKER OUTBOX FIRST [COUNT]");
    return 2;
}

var first = int.Parse(args[2], CultureInfo.InvariantCulture);
var count = args.Length == 4 ? int.Parse(args[3], CultureInfo.InvariantCulture) : int.MaxValue - first;
await using var client = new MqttClient(new MqttClientOptions
{
    Server = new Uri(args[0]),
    ClientId = "outbox-program",
    Outbox = Outbox.OnDisk(args[1]),
    ReconnectDelay = TimeSpan.FromMilliseconds(20),
    ReconnectDelayMax = TimeSpan.FromMilliseconds(50),
    ShutdownTimeout = TimeSpan.FromSeconds(15),
});
client.Start();

// Several at a time, so that the disk writes them together.
const int Window = 16;
var kept = new Queue<(int Number, Task Task)>();
for (var number = first; number - first < count || kept.Count > 0;)
{
    while (kept.Count < Window && number - first < count)
    {
        var message = new MqttMessage($"outbox/{1 + (number % 2)}", number.ToString(CultureInfo.InvariantCulture)) { Qos = (Qos)(1 + (number % 2)) };
        kept.Enqueue((number++, client.EnqueueAsync(message).AsTask()));
    }

    var (done, task) = kept.Dequeue();
    await task;
    Console.WriteLine($"kept {done}");
}

using var connected = new CancellationTokenSource(TimeSpan.FromSeconds(15));
while (client.State != ConnectionState.Connected) await Task.Delay(10, connected.Token);
await client.DisconnectAsync();
Console.WriteLine($"outstanding {client.Statistics.MessagesOutstanding}");
return 0;
