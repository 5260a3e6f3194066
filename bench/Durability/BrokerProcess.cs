using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Avocet.Bench;

namespace Avocet.Durability;

/// <summary>A broker on a port of loopback, with a data folder.</summary>
internal sealed partial class BrokerProcess : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private readonly Process _process;

    private BrokerProcess(BrokerKind kind, Process process, int port, long startedAt)
    {
        _process = process;
        Kind = kind;
        Port = port;
        StartedAt = startedAt;
    }

    public BrokerKind Kind { get; }

    public int Port { get; }

    /// <summary>When the process was started.</summary>
    public long StartedAt { get; }

    /// <summary>Bytes that the process had the kernel write to the medium.</summary>
    public long BytesWritten
    {
        get
        {
            var line = File.ReadLines($"/proc/{_process.Id}/io").First(text => text.StartsWith("write_bytes: ", StringComparison.Ordinal));
            return long.Parse(line.AsSpan(13), CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Starts a broker; the first CONNACK says that it is there.</summary>
    /// <param name="kind">Which one.</param>
    /// <param name="avocet">Avocet's executable.</param>
    /// <param name="folder">The data folder.</param>
    /// <param name="isFilling">Whether it is only to be filled, and need not be safe meanwhile.</param>
    public static BrokerProcess Start(BrokerKind kind, string avocet, string folder, bool isFilling = false)
    {
        Directory.CreateDirectory(folder);
        var port = Loopback.FreePort();
        var start = kind == BrokerKind.Mosquitto ? Mosquitto(folder, port, isFilling) : Avocet(kind, avocet, folder, port, isFilling);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        var startedAt = Stopwatch.GetTimestamp();
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) =>
        {
            if (kind != BrokerKind.Mosquitto && line.Data is not null) Console.Error.WriteLine(line.Data);
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new BrokerProcess(kind, process, port, startedAt);
    }

    /// <summary>Connects, trying again until the broker is up.</summary>
    public MqttConnection Connect(string clientId, bool isClean)
    {
        while (true)
        {
            if (_process.HasExited) throw new InvalidOperationException($"{Kind} ended with code {_process.ExitCode}.");
            if (Stopwatch.GetElapsedTime(StartedAt) > Deadline && clientId == "probe") throw new TimeoutException($"{Kind} did not start.");

            try
            {
                return new MqttConnection(Port, clientId, isClean);
            }
            catch (Exception exception) when (exception is SocketException or IOException)
            {
                Thread.Sleep(1);
            }
        }
    }

    /// <summary>Stops it in good order and waits.</summary>
    public void Stop()
    {
        if (Kill(_process.Id, 15) != 0) throw new InvalidOperationException($"{Kind} is gone.");
        if (!_process.WaitForExit(Deadline)) throw new TimeoutException($"{Kind} did not stop.");
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static ProcessStartInfo Avocet(BrokerKind kind, string avocet, string folder, int port, bool isFilling)
    {
        var durability = isFilling ? "none" : kind == BrokerKind.AvocetOs ? "os" : "fsync";
        return new ProcessStartInfo(avocet,
        [
            "serve", "--port", port.ToString(CultureInfo.InvariantCulture), "--ws-port", "0", "--data", folder, "--log-level", "warning",
            "--set", $"durability={durability}", "--set", "session.queue_messages_max=2000000000", "--set", "session.queue_bytes_max=1000000000000",
            "--set", "mqtt.sys_interval_seconds=1", "--set", "session.inflight_max=1000", "--set", "shutdown_timeout_seconds=120",
        ]);
    }

    private static ProcessStartInfo Mosquitto(string folder, int port, bool isFilling)
    {
        var configuration = Path.Combine(folder, "mosquitto.conf");
        File.WriteAllText(configuration, string.Create(CultureInfo.InvariantCulture, $"""
            listener {port} 127.0.0.1
            allow_anonymous true
            persistence true
            persistence_location {folder}/
            autosave_interval {(isFilling ? 0 : 1)}
            max_queued_messages 0
            max_queued_bytes 0
            max_inflight_messages 1000
            user {Environment.UserName}

            """));
        return new ProcessStartInfo(File.Exists("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto" : "mosquitto", ["-c", configuration]);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
