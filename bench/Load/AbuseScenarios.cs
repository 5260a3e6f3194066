using System.Globalization;

namespace Avocet.Load;

/// <summary>
/// What an attack takes from well-behaved clients: ten pairs at QoS 1 alone, beside the attack, and alone again. Attacker, pairs and broker share the machine, so
/// the attack has a bounded rate, and what its own processor time takes from the pairs counts against the broker.
/// </summary>
internal static class AbuseScenarios
{
    private const string Prefix = "abuse-";

    public static IReadOnlyList<Scenario> All { get; } =
    [
        Against("none", "no attack", 1, _ => new Crowd(0, _ => throw new IOException("Nobody attacks."))),
        Against("half-open", "half-open connections", 500, port => new Crowd(2000, _ => new HostileClient(port))),
        Against("slow-connect", "CONNECT byte by byte (bytes)", 2000, port => new SlowCrowd(port, 500)),
        Against("huge", "packets announced as 256 MB", 300, port => new Crowd(500, number => Huge(port, number))),
        Against("subscriptions", "subscription bomb (packets of 10 filters)", 200, port => new Crowd(10, number => new HostileClient(port), SendBomb, stepsEach: 1000)),
        Against("retained", "retained bomb (messages of 1 kB)", 2000, port => new Crowd(10, _ => new HostileClient(port), SendRetained, stepsEach: 20_000)),
        Against("alias", "topic aliases that are too large", 300, port => new Crowd(500, number => Aliased(port, number))),
        Against("qos2", "QoS 2 that never completes (messages)", 2000, port => new Crowd(10, _ => new HostileClient(port), SendUnreleased, stepsEach: 250)),
        Against("wills", "will bombs (wills of 1 kB to 10 readers)", 200, port => new WillCrowd(port)),
        Against("reconnects", "reconnect storm", 500, port => new Crowd(1, number => LoggedIn(port, "storm"))),
    ];

    /// <summary>Whether <c>--only abuse</c> means it.</summary>
    public static bool Has(Scenario scenario) => scenario.Name.StartsWith(Prefix, StringComparison.Ordinal);

    private static Scenario Against(string name, string what, int perSecond, Func<int, Crowd> gather) => new(Prefix + name, async measurement =>
    {
        var before = await PairsAsync(measurement);
        double under, rate;
        using (var crowd = gather(measurement.Broker.Port))
        {
            using var attack = new Attack(perSecond, crowd.Step);
            under = await PairsAsync(measurement);
            rate = attack.PerSecond;
        }

        var after = await PairsAsync(measurement);
        measurement.Add($"{what}: attacks a second", rate);
        measurement.Add($"{what}: msg/s of the pairs alone", (before + after) / 2);
        measurement.Add($"{what}: msg/s of the pairs beside it", under);
        measurement.Add($"{what}: beside it : alone", under / ((before + after) / 2));
        measurement.AddMemory(what);
    }, IsOnRequest: true);

    private static async Task<double> PairsAsync(Measurement measurement)
    {
        var phases = await measurement.RunAsync("pair", "--qos", "1", "--seconds", measurement.Seconds, "--warmup", measurement.Warmup);
        return phases["messages"].Count("delivered") / phases["messages"].Count("seconds");
    }

    private static HostileClient LoggedIn(int port, string clientId)
    {
        var client = new HostileClient(port);
        client.Send(HostileClient.Connect(clientId));
        return client;
    }

    private static HostileClient Huge(int port, long number)
    {
        // Before the log-in and after it.
        var client = new HostileClient(port);
        if (number % 2 == 1) client.Send(HostileClient.Connect($"huge{number}"));
        client.Send([(byte)(number % 2 == 1 ? 0x30 : 0x10), 0xFF, 0xFF, 0xFF, 0x7F, .. new byte[1024]]);
        return client;
    }

    private static HostileClient Aliased(int port, long number)
    {
        var client = LoggedIn(port, $"alias{number}");
        client.Send(HostileClient.Publish(0, "a", 0, [0x23, 0xFF, 0xFF], 10));
        return client;
    }

    private static void SendBomb(HostileClient client, long step)
    {
        if (step == 0)
        {
            client.Send(HostileClient.Connect($"bomb{Guid.NewGuid():N}"));
            // It gets all messages of the pairs too, and reads none.
            client.Send(HostileClient.Subscribe("#"));
        }

        client.Send(HostileClient.Subscribe(Enumerable.Range(0, 10).Select(i => string.Create(CultureInfo.InvariantCulture, $"+/+/+/+/+/+/+/{(step * 10) + i}/#"))));
    }

    private static void SendRetained(HostileClient client, long step)
    {
        if (step == 0) client.Send(HostileClient.Connect($"retained{Guid.NewGuid():N}"));
        client.Send(HostileClient.Publish(0x01, $"retained/{Guid.NewGuid():N}", 0, [], 1024));
    }

    private static void SendUnreleased(HostileClient client, long step)
    {
        if (step == 0) client.Send(HostileClient.Connect($"qos2{Guid.NewGuid():N}"));
        client.Send(HostileClient.Publish(0x04, "unreleased", (ushort)(step + 1), [], 100));
    }

    /// <summary>Hostile clients, the oldest of which goes when there are too many.</summary>
    private class Crowd(int countMax, Func<long, HostileClient> join, Action<HostileClient, long>? send = null, int stepsEach = 1) : IDisposable
    {
        private readonly Queue<HostileClient> _clients = [];
        private HostileClient? _newest;
        private long _step;

        public virtual void Step(long number)
        {
            if (_newest is null || _step >= stepsEach)
            {
                if (_clients.Count > 0 && _clients.Count >= countMax) _clients.Dequeue().Dispose();
                _newest = join(number);
                _clients.Enqueue(_newest);
                _step = 0;
            }

            try
            {
                send?.Invoke(_newest, _step++);
                if (send is null) _step++;
            }
            catch
            {
                // The next step comes from another client.
                _newest = null;
                throw;
            }
        }

        public virtual void Dispose()
        {
            while (_clients.TryDequeue(out var client)) client.Dispose();
        }
    }

    private sealed class SlowCrowd(int port, int count) : Crowd(0, _ => new HostileClient(port))
    {
        private readonly (HostileClient? Client, int Sent)[] _slow = new (HostileClient?, int)[count];
        private readonly byte[] _connect = HostileClient.Connect("slow" + new string('x', 200));

        public override void Step(long number)
        {
            ref var slow = ref _slow[number % _slow.Length];
            try
            {
                slow.Client ??= new HostileClient(port);
                slow.Client.Send(_connect[slow.Sent++]);
            }
            catch
            {
                slow.Client?.Dispose();
                slow = default;
                throw;
            }
        }

        public override void Dispose()
        {
            base.Dispose();
            foreach (var (client, _) in _slow) client?.Dispose();
        }
    }

    private sealed class WillCrowd : Crowd
    {
        private readonly List<HostileClient> _readers = [];

        public WillCrowd(int port)
            : base(20, number => Bomb(port, number))
        {
            for (var i = 0; i < 10; i++)
            {
                var reader = LoggedIn(port, $"will-reader{i}");
                reader.Send(HostileClient.Subscribe("wills"));
                _readers.Add(reader);
            }
        }

        public override void Dispose()
        {
            base.Dispose();
            foreach (var reader in _readers) reader.Dispose();
        }

        private static HostileClient Bomb(int port, long number)
        {
            var client = new HostileClient(port);
            client.Send(HostileClient.Connect($"will{number}", "wills", 1024));
            return client;
        }
    }
}
