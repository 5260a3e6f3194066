using System.Diagnostics;
using System.Net.Sockets;

namespace Avocet.Load;

/// <summary>Does something bad so many times a second, on a thread of its own, until it is disposed. What it misses it does not make up for.</summary>
internal sealed class Attack : IDisposable
{
    private readonly Thread _thread;
    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private volatile bool _isEnding;
    private long _done;

    public Attack(int perSecond, Action<long> step)
    {
        _thread = new Thread(() => Run(perSecond, step)) { IsBackground = true, Name = "attack" };
        _thread.Start();
    }

    /// <summary>What became of the rate that was wished for.</summary>
    public double PerSecond => Interlocked.Read(ref _done) / Stopwatch.GetElapsedTime(_startedAt).TotalSeconds;

    public void Dispose()
    {
        _isEnding = true;
        _thread.Join();
    }

    private void Run(int perSecond, Action<long> step)
    {
        var due = Stopwatch.GetTimestamp();
        for (var number = 0L; !_isEnding; number++)
        {
            try
            {
                step(number);
            }
            catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException)
            {
                // The broker defends itself.
            }

            Interlocked.Increment(ref _done);
            due += Stopwatch.Frequency / perSecond;
            var early = due - Stopwatch.GetTimestamp();
            if (early > 0) Thread.Sleep(TimeSpan.FromSeconds((double)early / Stopwatch.Frequency));
            else if (-early > Stopwatch.Frequency / 10) due = Stopwatch.GetTimestamp();
        }
    }
}
