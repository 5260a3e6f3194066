using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Wire;

namespace Avocet.Cli.Bench;

/// <summary>Topic filters as SUBSCRIBE has them.</summary>
internal static class Filters
{
    /// <summary>One filter.</summary>
    public static byte[] Encode(string filter, Qos qos)
    {
        var utf8 = Encoding.UTF8.GetBytes(filter);
        var encoded = new byte[WireWriter.SizeOf(utf8) + 1];
        var writer = new WireWriter(encoded);
        writer.WriteBinary(utf8);
        writer.WriteByte(new SubscriptionOptions(qos, NoLocal: false, RetainAsPublished: false, RetainHandling.SendAtSubscribe).Encoded);
        return encoded;
    }

    /// <summary>A filter for each of so many receivers.</summary>
    public static byte[][] Encode(BenchRun run, int count, Func<int, string> filterOf)
    {
        var encoded = new byte[count][];
        for (var index = 0; index < count; index++) encoded[index] = Encode(filterOf(index), run.Options.Qos);
        return encoded;
    }
}
