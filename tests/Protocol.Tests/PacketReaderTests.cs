using System.Buffers;
using Avocet.TestKit.Vectors;
using Xunit;

namespace Avocet.Protocol.Tests;

public sealed class PacketReaderTests
{
    [Fact]
    public void Packets_are_the_same_however_the_buffer_is_cut_into_segments()
    {
        var packets = PacketVectors.Valid.Select(vector => vector.Bytes).Where(bytes => bytes.Length < 300).ToArray();
        var stream = packets.SelectMany(bytes => bytes).ToArray();
        foreach (var segmentSize in new[] { 1, 2, 3, 7, 64, 1000, stream.Length })
        {
            var reader = new PacketReader(Cut(stream, segmentSize));
            foreach (var packet in packets)
            {
                Assert.Equal(packet[0], reader.PeekFirstByte());
                Assert.Equal(DecodeStatus.Done, reader.TryRead(out var header, out var body));
                Assert.Equal(packet.Length, header.PacketSize);
                Assert.True(body.SequenceEqual(packet.AsSpan(header.Size)), $"{Convert.ToHexString(packet)} in segments of {segmentSize}");
            }

            Assert.Equal(0, reader.Left);
            Assert.Equal(stream.Length, reader.ConsumedBytes);
            Assert.Equal(DecodeStatus.NeedMoreData, reader.TryRead(out _, out _));
            reader.Dispose();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(1000)]
    public void An_incomplete_packet_is_not_consumed(int segmentSize)
    {
        byte[] whole = [0xC0, 0x00];
        byte[] publish = [0x30, 0x05, 0x00, 0x01, (byte)'a', (byte)'x', (byte)'y'];
        for (var length = 0; length < publish.Length; length++)
        {
            var reader = new PacketReader(Cut([.. whole, .. publish[..length]], segmentSize));
            Assert.Equal(DecodeStatus.Done, reader.TryRead(out _, out _));
            Assert.Equal(DecodeStatus.NeedMoreData, reader.TryRead(out var header, out _));
            // The header is told as soon as it is there, so that a packet which is too large can be refused early.
            Assert.Equal(length >= 2 ? 7 : 0, header.Size == 0 ? 0 : header.PacketSize);
            Assert.Equal(whole.Length, reader.ConsumedBytes);
            Assert.Equal(length, reader.Left);
            reader.Dispose();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    public void A_remaining_length_of_five_bytes_is_malformed(int segmentSize)
    {
        var reader = new PacketReader(Cut([0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], segmentSize));
        Assert.Equal(DecodeStatus.Malformed, reader.TryRead(out _, out _));
        reader.Dispose();
    }

    [Fact]
    public void An_announced_length_takes_no_memory()
    {
        var buffer = Cut([0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0x00, 0x01], 3);
        Read(buffer);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Read(buffer);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Read(ReadOnlySequence<byte> buffer)
    {
        var reader = new PacketReader(buffer);
        if (reader.TryRead(out _, out _) != DecodeStatus.NeedMoreData) throw new InvalidOperationException("A packet was read that has not arrived.");

        reader.Dispose();
    }

    private static ReadOnlySequence<byte> Cut(byte[] bytes, int segmentSize)
    {
        var first = new Segment(ReadOnlyMemory<byte>.Empty, 0);
        var last = first;
        for (var start = 0; start < bytes.Length; start += segmentSize) last = last.Append(bytes.AsMemory(start, Math.Min(segmentSize, bytes.Length - start)));

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long runningIndex)
        {
            Memory = memory;
            RunningIndex = runningIndex;
        }

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
