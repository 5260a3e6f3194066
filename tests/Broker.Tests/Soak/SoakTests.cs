using Avocet.Broker.Monitoring;
using Avocet.Broker.Storage;
using Xunit;

namespace Avocet.Broker.Tests.Soak;

public sealed class SoakTests(ITestOutputHelper output)
{
    private const int ClientCount = 200;
    private const int Seed = 20_261_122;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(40);

    private static readonly TimeSpan DrainTimeMax = TimeSpan.FromSeconds(120);

    [Theory(Timeout = 300_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Clients_with_random_disconnects_lose_and_duplicate_nothing_that_their_qos_forbids(bool withStore)
    {
        var options = new BrokerOptions { QueueMessagesMax = int.MaxValue, QueueBytesMax = long.MaxValue, SysIntervalSeconds = 1 };
        await using var broker = new MqttBroker(options, new BrokerServices { Store = withStore ? new MemoryStore() : null });
        broker.Start();
        var clients = Enumerable.Range(0, ClientCount).Select(number => new SoakClient(broker, number, ClientCount, Seed)).ToArray();
        await Task.WhenAll(clients.Select(client => client.BeginAsync()));

        using (var stop = new CancellationTokenSource(Duration))
        {
            await Task.WhenAll(clients.Select(client => Task.Run(() => client.RunAsync(stop.Token), TestContext.Current.CancellationToken)));
        }

        using var deadline = new CancellationTokenSource(DrainTimeMax);
        await Task.WhenAll(clients.Select(client => client.DrainAsync(() => client.UnacknowledgedCount == 0, deadline.Token)));
        await Task.WhenAll(clients.Select((client, number) => client.DrainAsync(() => HasAll(clients, number), deadline.Token)));
        // One more turn each: what came twice would show now.
        await Task.WhenAll(clients.Select(client => TwoTurnsAsync(client, deadline.Token)));
        await Task.WhenAll(clients.Select(client => client.EndAsync()));

        var faults = Compare(clients, out var messages);
        output.WriteLine($"seed {Seed}, store {withStore}: {messages} messages, {clients.Sum(client => client.Cuts)} cuts, {faults.Count} faults");
        Assert.Empty(faults);
        Assert.True(messages > ClientCount * 100, $"only {messages} messages went through");
        Assert.Equal(0, broker.Context.Statistics.Get(Counter.DroppedQueueFull));
    }

    private static Task TwoTurnsAsync(SoakClient client, CancellationToken deadline)
    {
        var turns = 0;
        return client.DrainAsync(() => turns++ == 2, deadline);
    }

    private static bool HasAll(SoakClient[] clients, int receiver)
    {
        for (var publisher = 0; publisher < clients.Length; publisher++)
        {
            var received = clients[receiver].Received;
            if (received[publisher, 2].Count < clients[publisher].Sent[receiver, 2]) return false;
            if (clients[publisher].Sent[receiver, 1] is var sent and > 0 && (received[publisher, 1].Count == 0 || received[publisher, 1][^1] != sent - 1)) return false;
        }

        return true;
    }

    private static List<string> Compare(SoakClient[] clients, out int messages)
    {
        var faults = new List<string>();
        messages = 0;
        for (var publisher = 0; publisher < clients.Length; publisher++)
        {
            for (var receiver = 0; receiver < clients.Length; receiver++)
            {
                for (var qos = 0; qos < 3; qos++)
                {
                    var received = clients[receiver].Received[publisher, qos];
                    messages += received.Count;
                    if (FindFault(received, clients[publisher].Sent[receiver, qos], qos) is { } fault) faults.Add($"{publisher} to {receiver} at QoS {qos}: {fault}");
                }
            }
        }

        return faults;
    }

    private static string? FindFault(List<int> received, int sent, int qos)
    {
        if (qos != 1 && received.Distinct().Count() != received.Count) return "a message came twice";
        if (qos != 0 && received.Distinct().Count() != sent) return $"{received.Distinct().Count()} of {sent} messages came";

        var firsts = received.Distinct().ToArray();
        return firsts.SequenceEqual(firsts.Order()) ? null : "messages came out of order";
    }
}
