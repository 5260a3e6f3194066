using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Xunit;

namespace Avocet.Server.Tests.Support;

/// <summary>A program started by a test: its output line by line, deadlines on everything, and no way to outlive the test.</summary>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private readonly Process _process;
    private readonly IDisposable? _owned;
    private readonly Task _reading;
    private bool _isDisposed;
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ChildProcess(Process process, IDisposable? owned)
    {
        _process = process;
        _owned = owned;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput, isError: false), ReadAsync(process.StandardError, isError: true));
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What it wrote to standard error so far.</summary>
    public IReadOnlyList<string> ErrorLines
    {
        get
        {
            lock (_gate) return [.. _errorLines];
        }
    }

    /// <summary>What it wrote to standard output and standard error so far.</summary>
    public string Output
    {
        get
        {
            lock (_gate) return string.Join('\n', _lines);
        }
    }

    private readonly List<string> _errorLines = [];

    public static ChildProcess Start(string program, params IEnumerable<string> arguments) => Start(program, arguments, new Dictionary<string, string>());

    /// <param name="program">Its path, or a name to be found.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">What to add to the environment.</param>
    /// <param name="owned">Disposed after the process has ended.</param>
    public static ChildProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, IDisposable? owned = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        // What the developer has set for his own broker must not change the tests.
        foreach (var variable in start.Environment.Keys.Where(key => key.StartsWith("AVOCET_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(variable);
        }

        foreach (var (variable, value) in environment) start.Environment[variable] = value;
        return new ChildProcess(Process.Start(start)!, owned);
    }

    /// <summary>The first line, from the beginning of the output, that contains the text.</summary>
    public async Task<string> WaitForLineAsync(string text)
    {
        var deadline = Stopwatch.StartNew();
        while (true)
        {
            Task more;
            lock (_gate)
            {
                if (_lines.Find(line => line.Contains(text, StringComparison.Ordinal)) is { } found) return found;

                more = _more.Task;
            }

            var left = Deadline - deadline.Elapsed;
            if (left <= TimeSpan.Zero || (_reading.IsCompleted && !more.IsCompleted))
            {
                Assert.Fail($"No line with \"{text}\" came{(_process.HasExited ? $"; exit code {_process.ExitCode}" : "")}. The output was:\n{Output}");
            }

            await Task.WhenAny(more, _reading, Task.Delay(left));
        }
    }

    /// <summary>Waits for the end and gives the exit code.</summary>
    public async Task<int> WaitForExitAsync()
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(Deadline);
            await _reading.WaitAsync(Deadline);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"Process {_process.Id} did not end within {Deadline.TotalSeconds} s. The output was:\n{Output}");
        }

        return _process.ExitCode;
    }

    /// <summary>Waits for the end, which must be a success.</summary>
    public async Task<string> WaitForSuccessAsync()
    {
        var exitCode = await WaitForExitAsync();
        Assert.True(exitCode == 0, $"Exit code {exitCode}. The output was:\n{Output}");
        return Output;
    }

    public void Signal(PosixSignal signal)
    {
        var number = signal switch
        {
            PosixSignal.SIGHUP => 1,
            PosixSignal.SIGINT => 2,
            PosixSignal.SIGTERM => 15,
            _ => throw new ArgumentOutOfRangeException(nameof(signal), signal.ToString()),
        };
        Assert.Equal(0, Kill(_process.Id, number));
    }

    /// <summary>Gives it a line on standard input, and no more.</summary>
    public async Task WriteLastLineAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        _process.StandardInput.Close();
    }

    /// <summary>Ends it at once, as kill -9 does.</summary>
    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;

        _isDisposed = true;
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().WaitAsync(Deadline);
        _process.Dispose();
        _owned?.Dispose();
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{_process.StartInfo.FileName} ({_process.Id})");

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);

    private async Task ReadAsync(StreamReader reader, bool isError)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_gate)
            {
                _lines.Add(line);
                if (isError) _errorLines.Add(line);
                _more.TrySetResult();
                _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}
