using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Avocet.Cli.Bench;

/// <summary>Lets publishers send at the times of a schedule, from a thread of its own.</summary>
internal sealed partial class Pacer
{
    /// <summary>Within this time of the next message it no longer sleeps where sleeping is coarse.</summary>
    private static readonly TimeSpan CoarseSleep = TimeSpan.FromMilliseconds(2);

    private readonly Publisher[] _publishers;
    private readonly Schedule _schedule;
    private readonly long _messages;
    private readonly Thread _thread;
    private volatile bool _isStopping;

    public Pacer(Publisher[] publishers, Schedule schedule, long messages)
    {
        (_publishers, _schedule, _messages) = (publishers, schedule, messages);
        foreach (var publisher in publishers) publisher.Start(schedule);

        _thread = new Thread(Run) { IsBackground = true, Name = "pacer" };
        _thread.Start();
    }

    public bool IsDone => !_thread.IsAlive;

    public void Stop()
    {
        _isStopping = true;
        _thread.Join();
    }

    private void Run()
    {
        // The kernel would else wake it up to 50 microseconds late.
        if (OperatingSystem.IsLinux()) _ = SetProcessOption(TimerSlack, 1, 0, 0, 0);

        var released = 0L;
        while (!_isStopping && released < _messages)
        {
            var due = Math.Min(_messages, _schedule.DueAt(Stopwatch.GetTimestamp()));
            var touched = Math.Min(due - released, _publishers.Length);
            for (var index = 0; index < touched; index++)
            {
                var publisher = (int)((released + index) % _publishers.Length);
                _publishers[publisher].Release(_schedule.LimitOf(publisher, due));
            }

            released = due;
            SleepUntil(_schedule.TimeOf(released));
        }
    }

    private static void SleepUntil(long time)
    {
        var left = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), time);
        if (left <= TimeSpan.Zero) return;

        if (OperatingSystem.IsLinux())
        {
            var wait = new TimeSpec(left.Ticks / TimeSpan.TicksPerSecond, left.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick);
            _ = Sleep(wait, 0);
            return;
        }

        if (left > CoarseSleep) Thread.Sleep(left - CoarseSleep);
        else Thread.Yield();
    }

    private const int TimerSlack = 29;

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int Sleep(in TimeSpec duration, nint remaining);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int SetProcessOption(int option, nuint value, nuint unused3, nuint unused4, nuint unused5);

    private readonly record struct TimeSpec(nint Seconds, nint Nanoseconds)
    {
        public TimeSpec(long seconds, long nanoseconds)
            : this((nint)seconds, (nint)nanoseconds)
        {
        }
    }
}
