using System.Globalization;
using System.Text;
using Avocet.Broker;
using Avocet.Broker.Sessions;
using Avocet.Broker.Topics;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using BenchmarkDotNet.Attributes;

namespace Avocet.Micro;

/// <summary>
/// The index with 100,000 filters: of ten, six without wildcard, three with <c>+</c>, one with <c>#</c>, below the same upper levels. Each topic matches
/// one of them.
/// </summary>
public class SubscriptionIndexBenchmarks
{
    private const int Filters = 100_000;
    private const int Sessions = 100;

    /// <summary>Topics that are searched for in turn, so that not all of the way lies in the processor's cache.</summary>
    private const int Topics = 4096;

    private static readonly SubscriptionOptions Options = new(Qos.AtLeastOnce, false, false, RetainHandling.SendAtSubscribe);

    private readonly SubscriptionIndex _index = new();
    private readonly byte[][] _exact = new byte[Topics][];
    private readonly byte[][] _plus = new byte[Topics][];
    private readonly byte[][] _hash = new byte[Topics][];
    private Subscription _added = null!;
    private int _next;

    [GlobalSetup]
    public void Setup()
    {
        var context = new BrokerContext(new BrokerOptions(), new BrokerServices());
        var sessions = Enumerable.Range(0, Sessions).Select(number => new Session($"session-{number}", "", null, context)).ToArray();
        for (var number = 0; number < Filters; number++)
        {
            var filter = (number % 10) switch
            {
                < 6 => $"{Prefix(number)}/{number}/exact",
                < 9 => $"plant/+/machine{number / 10 % 100}/{number}/plus",
                _ => $"{Prefix(number)}/{number}/#",
            };
            _index.Add(new Subscription(sessions[number / 10 % Sessions], Encoding.UTF8.GetBytes(filter), Options, 0), null);
        }

        var step = Filters / Topics;
        for (var i = 0; i < Topics; i++)
        {
            var ten = i * step / 10 * 10;
            _exact[i] = Encoding.UTF8.GetBytes($"{Prefix(ten)}/{ten}/exact");
            _plus[i] = Encoding.UTF8.GetBytes($"{Prefix(ten + 6)}/{ten + 6}/plus");
            _hash[i] = Encoding.UTF8.GetBytes($"{Prefix(ten + 9)}/{ten + 9}/a/b");
        }

        _added = new Subscription(sessions[0], "plant/+/machine1/one more"u8.ToArray(), Options, 0);
        foreach (var topics in (byte[][][])[_exact, _plus, _hash])
        {
            if (topics.Any(topic => _index.Match(topic).Subscribers.Length != 1)) throw new InvalidOperationException("A topic does not match one filter.");
        }
    }

    [Benchmark]
    public int MatchExact() => _index.Match(Next(_exact)).Subscribers.Length;

    [Benchmark]
    public int MatchPlus() => _index.Match(Next(_plus)).Subscribers.Length;

    [Benchmark]
    public int MatchHash() => _index.Match(Next(_hash)).Subscribers.Length;

    [Benchmark]
    public void AddAndRemove()
    {
        _index.Add(_added, null);
        _index.Remove(_added);
    }

    private static string Prefix(int number) => string.Create(CultureInfo.InvariantCulture, $"plant/line{number / 1000}/machine{number / 10 % 100}");

    private byte[] Next(byte[][] topics) => topics[_next++ & (Topics - 1)];
}
