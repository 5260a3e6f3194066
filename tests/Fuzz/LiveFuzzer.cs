using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.TestKit;
using Avocet.TestKit.Vectors;

namespace Avocet.Fuzz;

/// <summary>
/// Sends changed packets to a running broker, over connections of their own, in whichever pieces. Checked: every connection is closed once its
/// client is done; what the broker answers can be read; and a client that behaves is served all the time.
/// </summary>
internal sealed class LiveFuzzer(FuzzOptions options, Action<string> report) : IDisposable
{
    private const int ConnectionsAtATime = 8;
    private const int PacketsMax = 12;

    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(15);

    private readonly byte[][] _seeds = [.. PacketVectors.Valid.Select(vector => vector.Bytes).Concat(PacketVectors.Malformed.Select(vector => vector.Bytes)).Where(bytes => bytes.Length <= Mutator.SizeMax / 2)];
    private readonly CancellationTokenSource _end = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _connections, _packets, _bytes;
    private string? _fault;

    public async Task<int> RunAsync(CancellationToken stop)
    {
        report($"seed {options.Seed}, {_seeds.Length} packets to start from, {options.Duration.TotalMinutes:0.##} minutes against {options.Target}");
        await using var stopping = stop.Register(_end.Cancel);
        _end.CancelAfter(options.Duration);
        var workers = Enumerable.Range(0, ConnectionsAtATime).Select(AttackAsync).ToList();
        workers.Add(WatchAsync());
        workers.Add(ReportAsync());
        await Task.WhenAll(workers);

        WriteTotals();
        if (_fault is null) return 0;

        report($"FAULT: {_fault}");
        return 1;
    }

    public void Dispose() => _end.Dispose();

    private async Task AttackAsync(int number)
    {
        var random = new SeededRandom(options.Seed + (ulong)number);
        var mutator = new Mutator(random, _seeds);
        while (!_end.IsCancellationRequested)
        {
            var (bytes, version) = MakeInput(random, mutator);
            try
            {
                await ExchangeAsync(bytes, version, random);
            }
            catch (Exception exception) when (exception is IOException or SocketException)
            {
                // A reset is an answer too; a refused connection is seen by the watcher.
            }
            catch (Exception exception) when (exception is OperationCanceledException or InvalidDataException)
            {
                Fail($"{exception.Message} Input: {Convert.ToHexString(bytes)}");
            }
        }
    }

    private (byte[] Bytes, ProtocolVersion Version) MakeInput(SeededRandom random, Mutator mutator)
    {
        var version = PacketTarget.Versions[random.Below(3)];
        var input = new ArrayBufferWriter<byte>();
        if (random.Below(10) > 0)
        {
            // Few client identifiers, so that sessions are resumed and taken over.
            var connect = new ConnectPacket { Version = version, CleanStart = random.Below(2) == 0, ClientId = Encoding.UTF8.GetBytes($"fuzz-{random.Below(16)}"), KeepAliveSeconds = 60 };
            connect.Encode(input.GetSpan(connect.GetEncodedSize()));
            input.Advance(connect.GetEncodedSize());
        }

        for (var count = 1 + random.Below(PacketsMax); count > 0; count--)
        {
            input.Write(mutator.Next(_seeds[random.Below(_seeds.Length)]));
            Interlocked.Increment(ref _packets);
        }

        return (input.WrittenSpan.ToArray(), version);
    }

    private async Task ExchangeAsync(byte[] bytes, ProtocolVersion version, SeededRandom random)
    {
        using var deadline = new CancellationTokenSource(AnswerTimeMax);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(options.Target!, deadline.Token);
        Interlocked.Increment(ref _connections);
        Interlocked.Add(ref _bytes, bytes.Length);
        var reading = ReadToEndAsync(socket, version, deadline.Token);
        try
        {
            for (var start = 0; start < bytes.Length;)
            {
                var size = random.Below(3) == 0 ? 1 + random.Below(Math.Min(64, bytes.Length - start)) : bytes.Length - start;
                await socket.SendAsync(bytes.AsMemory(start, size), deadline.Token);
                start += size;
            }

            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The broker has refused it already.
        }

        await reading;
    }

    private static async Task ReadToEndAsync(Socket socket, ProtocolVersion version, CancellationToken deadline)
    {
        await using var stream = new NetworkStream(socket);
        var reader = PipeReader.Create(stream);
        while (true)
        {
            var result = await reader.ReadAsync(deadline);
            reader.AdvanceTo(CheckAnswers(result.Buffer, version), result.Buffer.End);
            if (result.IsCompleted) return;
        }
    }

    private static SequencePosition CheckAnswers(ReadOnlySequence<byte> buffer, ProtocolVersion version)
    {
        var reader = new PacketReader(buffer);
        try
        {
            while (reader.TryRead(out var header, out var body) is var status && status != DecodeStatus.NeedMoreData)
            {
                if (status == DecodeStatus.Malformed) throw new InvalidDataException("The broker's answer has a malformed Remaining Length.");
                if (!IsFromServer(header, body, version, out var error)) throw new InvalidDataException($"The broker answered {header.Type} that cannot be read: {error}");
            }

            return reader.Consumed;
        }
        finally
        {
            reader.Dispose();
        }
    }

    // The version may have been mutated with the CONNECT, so CONNACK and what follows is readable in one of them.
    private static bool IsFromServer(in FixedHeader header, ReadOnlySpan<byte> body, ProtocolVersion expected, out DecodeError error)
    {
        if (CanDecode(header, body, expected, out error)) return true;

        foreach (var version in PacketTarget.Versions)
        {
            if (CanDecode(header, body, version, out _)) return true;
        }

        return false;
    }

    private static bool CanDecode(in FixedHeader header, ReadOnlySpan<byte> body, ProtocolVersion version, out DecodeError error)
    {
        error = default;
        return header.Type switch
        {
            PacketType.Connack => ConnackPacket.TryDecode(header, body, version, out _, out error),
            PacketType.Publish => PublishPacket.TryDecode(header, body, version, out _, out error),
            PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel or PacketType.Pubcomp => AcknowledgementPacket.TryDecode(header, body, version, out _, out error),
            PacketType.Suback or PacketType.Unsuback => SubscriptionAcknowledgementPacket.TryDecode(header, body, version, out _, out error),
            PacketType.Pingresp => EmptyPacket.TryDecode(header, version, out error),
            PacketType.Disconnect => DisconnectPacket.TryDecode(header, body, version, out _, out error),
            PacketType.Auth => AuthPacket.TryDecode(header, body, version, out _, out error),
            _ => false,
        };
    }

    /// <summary>A client that behaves: what it publishes at QoS 1 comes back to it, in order, all the time.</summary>
    private async Task WatchAsync()
    {
        try
        {
            await using var watcher = await LiveWatcher.ConnectAsync(options.Target!, AnswerTimeMax);
            while (!_end.IsCancellationRequested) await watcher.RoundAsync(AnswerTimeMax);

            report($"the watching client made {watcher.Rounds} rounds");
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or InvalidDataException)
        {
            Fail($"The client that behaves was not served: {exception.Message}");
        }
    }

    private async Task ReportAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1));
        try
        {
            while (await timer.WaitForNextTickAsync(_end.Token)) WriteTotals();
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private void WriteTotals()
    {
        report($"{_clock.Elapsed:hh\\:mm\\:ss}  {Volatile.Read(ref _packets)} packets, {Volatile.Read(ref _connections)} connections, {Volatile.Read(ref _bytes)} bytes");
    }

    private void Fail(string fault)
    {
        Interlocked.CompareExchange(ref _fault, fault, null);
        _end.Cancel();
    }
}
