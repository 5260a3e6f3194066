using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Channels;

namespace Avocet.Testing;

/// <summary>One direction of a connection: carries packets from one pipe to another, and lets go wrong what is to go wrong.</summary>
internal sealed class Direction(PipeReader from, PipeWriter to, DirectionFaults faults, TimeProvider clock)
{
    /// <summary>Packets that may be under way; then the sender waits.</summary>
    private const int UnderWayMax = 1024;

    private readonly Channel<(byte[] Packet, long SentAt)> _underWay =
        Channel.CreateBounded<(byte[] Packet, long SentAt)>(new BoundedChannelOptions(UnderWayMax) { SingleReader = true, SingleWriter = true });

    /// <summary>Carries until the sender ends, the connection is cut, or the faults say so.</summary>
    /// <returns>Whether the whole connection has to end now.</returns>
    public async Task<bool> RunAsync(CancellationToken cut)
    {
        var delivering = DeliverAsync(cut);
        var isCut = true;
        try
        {
            isCut = await TakeAsync(cut);
        }
        catch (OperationCanceledException)
        {
            // It was cut.
        }
        finally
        {
            _underWay.Writer.Complete();
            await delivering;
            await from.CompleteAsync();
            await to.CompleteAsync();
        }

        return isCut;
    }

    /// <summary>Takes packets from the sender. True when the faults want the connection to end.</summary>
    private async Task<bool> TakeAsync(CancellationToken cut)
    {
        if (faults.CutAfterPackets == 0) return true;

        var count = 0;
        while (true)
        {
            var result = await from.ReadAsync(cut);
            var buffer = result.Buffer;
            while (PacketBoundary.TryTake(ref buffer, out var packet))
            {
                count++;
                if (faults.DropAfterPackets is not { } passed || count <= passed) await _underWay.Writer.WriteAsync((packet.ToArray(), clock.GetTimestamp()), cut);
                if (count == faults.CutAfterPackets) return true;
            }

            from.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted) return false;
        }
    }

    private async Task DeliverAsync(CancellationToken cut)
    {
        try
        {
            await foreach (var (packet, sentAt) in _underWay.Reader.ReadAllAsync(cut))
            {
                var left = faults.Delay - clock.GetElapsedTime(sentAt);
                if (left > TimeSpan.Zero) await Task.Delay(left, clock, cut);
                // Where nobody reads any more the result says so, and what follows is lost, as on a network.
                await to.WriteAsync(packet, cut);
            }
        }
        catch (OperationCanceledException)
        {
            // It was cut.
        }
    }
}
