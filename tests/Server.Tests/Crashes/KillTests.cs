using System.Globalization;
using Avocet.Cli.Store;
using Avocet.Protocol;
using Avocet.Server.Tests.Support;
using Avocet.Storage.RocksDb;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Server.Tests.Crashes;

/// <summary>
/// The real executable is killed while it acknowledges, and while it delivers; nothing that it acknowledged may be lost, nothing of QoS 2 may come twice.
/// <c>scripts/kill-test.sh</c> runs more rounds.
/// </summary>
public sealed class KillTests(ITestOutputHelper output)
{
    private const int PublisherCount = 4;

    private readonly Random _random = new(Number("AVOCET_KILL_SEED", 1));

    [Fact]
    public async Task Nothing_acknowledged_is_lost_when_the_broker_is_killed()
    {
        var folder = new TemporaryFolder();
        var publishers = Enumerable.Range(0, PublisherCount).Select(index => new DurablePublisher(index, new Random(_random.Next()))).ToList();
        List<DurableSubscriber> subscribers =
        [
            new("all-v5", "kill/#", Qos.ExactlyOnce, isV5: true),
            new("all-v311", "kill/#", Qos.ExactlyOnce, isV5: false),
            new("all-once", "kill/#", Qos.AtLeastOnce, isV5: true),
            new("one", "kill/1/0", Qos.ExactlyOnce, isV5: true),
            new("some", "kill/2/#", Qos.AtLeastOnce, isV5: false),
        ];
        var rounds = Number("AVOCET_KILL_ROUNDS", 30);
        var broker = await StartAsync(folder);
        try
        {
            foreach (var subscriber in subscribers) await subscriber.SubscribeAsync(await AvocetProcess.PortOfAsync(broker));
            for (var round = 1; round <= rounds; round++)
            {
                broker = await PublishAndKillAsync(broker, folder, publishers);
                if (round % 5 == 0) broker = await CheckStoreAsync(broker, folder);
                await CompleteAsync(broker, publishers);
                broker = await DrainAsync(broker, folder, publishers, subscribers);
                await CheckRetainedAsync(broker, publishers);
                output.WriteLine($"Round {round}: {publishers.Sum(publisher => publisher.Sent.Count)} messages.");
                foreach (var publisher in publishers) publisher.Forget();
            }
        }
        catch
        {
            // Whoever looks for the cause needs what the broker left.
            output.WriteLine($"The data folder is kept: {folder.Path}");
            throw;
        }
        finally
        {
            await broker.DisposeAsync();
        }

        folder.Dispose();
    }

    private static Task<ChildProcess> StartAsync(TemporaryFolder folder) => AvocetProcess.ServeAsync(
        "--data", folder.File("data"), "--ws-port", "0", "--set", "session.queue_messages_max=100000");

    /// <summary>Kills the broker after a random number of acknowledgements, and starts it again.</summary>
    private async Task<ChildProcess> PublishAndKillAsync(ChildProcess broker, TemporaryFolder folder, List<DurablePublisher> publishers)
    {
        var port = await AvocetProcess.PortOfAsync(broker);
        var left = _random.Next(1, 400);
        var working = publishers.Select(publisher => publisher.PublishUntilEndAsync(port, KillAtLast)).ToList();
        await Task.WhenAll(working);
        await broker.DisposeAsync();
        return await StartAsync(folder);

        void KillAtLast()
        {
            if (Interlocked.Decrement(ref left) == 0) broker.Kill();
        }
    }

    private static async Task CompleteAsync(ChildProcess broker, List<DurablePublisher> publishers)
    {
        var port = await AvocetProcess.PortOfAsync(broker);
        await Task.WhenAll(publishers.Select(publisher => publisher.CompleteAsync(port)));
        Assert.All(publishers, publisher => Assert.Equal(publisher.Sent.Count, publisher.Acknowledged.Count));
    }

    /// <summary>Gives the subscribers what waits for them; every other time the broker is killed meanwhile.</summary>
    private async Task<ChildProcess> DrainAsync(ChildProcess broker, TemporaryFolder folder, List<DurablePublisher> publishers, List<DurableSubscriber> subscribers)
    {
        var sent = publishers.SelectMany(publisher => publisher.Sent).ToList();
        if (_random.Next(2) == 0)
        {
            var left = _random.Next(1, Math.Max(2, sent.Count * 2));
            await DrainOnceAsync(broker, sent, subscribers, () =>
            {
                if (Interlocked.Decrement(ref left) == 0) broker.Kill();
            });

            // It may have sent everything before.
            broker.Kill();
            await broker.DisposeAsync();
            broker = await StartAsync(folder);
        }

        await DrainOnceAsync(broker, sent, subscribers, () => { });
        foreach (var subscriber in subscribers) Compare(subscriber, publishers);
        return broker;
    }

    private static async Task DrainOnceAsync(ChildProcess broker, List<SentMessage> sent, List<DurableSubscriber> subscribers, Action received)
    {
        var port = await AvocetProcess.PortOfAsync(broker);
        await Task.WhenAll(subscribers.Select(subscriber =>
        {
            var expected = sent.Where(subscriber.IsFor).Select(message => message.Payload).ToHashSet();
            return subscriber.DrainAsync(port, expected, received);
        }));
    }

    private static void Compare(DurableSubscriber subscriber, List<DurablePublisher> publishers)
    {
        var sent = publishers.SelectMany(publisher => publisher.Sent).Where(subscriber.IsFor).ToDictionary(message => message.Payload);
        var counts = new Dictionary<string, int>();
        var last = new Dictionary<(string Topic, Qos Qos), long>();
        foreach (var (payload, qos) in subscriber.Received)
        {
            if (qos == Qos.AtLeastOnce && subscriber.Earlier.Contains(payload)) continue;

            Assert.True(sent.TryGetValue(payload, out var message), $"{subscriber.ClientId} got '{payload}' at {qos}, which it had got in an earlier round, or which was never sent.");
            counts[payload] = counts.GetValueOrDefault(payload) + 1;
            Assert.Equal((Qos)Math.Min((int)message.Qos, (int)subscriber.Qos), qos);
            if (qos == Qos.ExactlyOnce) Assert.True(counts[payload] == 1, $"{subscriber.ClientId} got '{payload}' {counts[payload]} times at QoS 2.");
            if (counts[payload] > 1) continue;

            // First deliveries of a topic and QoS come in the order in which they were published. [MQTT-4.6.0-6]
            var before = last.GetValueOrDefault((message.Topic, message.Qos));
            Assert.True(message.Number > before, $"{subscriber.ClientId} got '{payload}' after number {before}.");
            last[(message.Topic, message.Qos)] = message.Number;
        }

        var missing = sent.Keys.Except(counts.Keys).ToList();
        Assert.True(missing.Count == 0, $"{subscriber.ClientId} did not get {missing.Count} messages that were acknowledged, such as {string.Join(", ", missing.Take(5))}.");
        subscriber.Forget();
    }

    private static async Task CheckRetainedAsync(ChildProcess broker, List<DurablePublisher> publishers)
    {
        var expected = publishers.SelectMany(publisher => publisher.Retained).ToDictionary();
        if (expected.Count == 0) return;

        await using var connection = await RawConnection.OpenAsync(await AvocetProcess.PortOfAsync(broker), Given.Client("keeper"));
        Assert.True(await connection.TrySendAsync(Given.Subscribe(1).Filter("keep/#")));
        for (var found = 0; found < expected.Count;)
        {
            var packet = await connection.TryReadAsync();
            Assert.NotNull(packet);
            if (packet.Type != PacketType.Publish) continue;

            var (acknowledged, sent) = expected[packet.TopicName];
            Assert.InRange(long.Parse(packet.PayloadText.Split(' ')[1], CultureInfo.InvariantCulture), acknowledged, sent);
            found++;
        }
    }

    /// <summary>What a crash leaves behind is sound.</summary>
    private static async Task<ChildProcess> CheckStoreAsync(ChildProcess broker, TemporaryFolder folder)
    {
        broker.Kill();
        await broker.DisposeAsync();
        using (var store = RocksDbStore.Open(folder.File("data")))
        {
            new StoreCheck(store, problem => Assert.True(problem.IsLeftOver, problem.ToString())).Run();
        }

        return await StartAsync(folder);
    }

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
