using System.Diagnostics;

namespace Avocet.Load;

/// <summary>The processes that were started: whatever ends this program ends them.</summary>
internal static class Children
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<Process> Running = [];
    private static bool _isEnding;

    public static Process Start(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        lock (Gate)
        {
            if (_isEnding) throw new OperationCanceledException();

            var process = Process.Start(start)!;
            Running.Add(process);
            return process;
        }
    }

    /// <summary>Ends a process, and waits.</summary>
    public static void End(Process process)
    {
        lock (Gate) Running.Remove(process);

        if (!process.HasExited) process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    /// <summary>Ends all, and lets none be started.</summary>
    public static void EndAll()
    {
        lock (Gate)
        {
            _isEnding = true;
            foreach (var process in Running)
            {
                if (!process.HasExited) process.Kill();
            }
        }
    }
}
