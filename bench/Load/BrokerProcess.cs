using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Avocet.Bench;
using Avocet.Protocol;

namespace Avocet.Load;

/// <summary>A broker on a port of loopback, with a folder of its own.</summary>
internal sealed class BrokerProcess : IDisposable
{
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _folder;

    private BrokerProcess(BrokerChoice choice, Process process, int port, string folder)
    {
        (Choice, _process, Port, _folder) = (choice, process, port, folder);
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) =>
        {
            if (choice.Kind == BrokerKind.Avocet && line.Data is not null) Console.Error.WriteLine(line.Data);
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public BrokerChoice Choice { get; }

    public int Port { get; }

    /// <summary>From the start of the process to its first CONNACK.</summary>
    public TimeSpan StartTime { get; private set; }

    public ProcessUse Use => ProcessUse.Of(_process.Id);

    public static BrokerProcess Start(BrokerChoice choice, BrokerSetup setup)
    {
        var folder = Directory.CreateTempSubdirectory("avocet-load-").FullName;
        var port = Loopback.FreePort();
        var start = choice.Kind switch
        {
            BrokerKind.Avocet => Avocet(CopyProgram(choice.Path, folder), folder, port, setup),
            BrokerKind.Mosquitto => Mosquitto(choice.Path, folder, port, setup),
            _ => new ProcessStartInfo(choice.Path, [port.ToString(CultureInfo.InvariantCulture)]),
        };
        var startedAt = Stopwatch.GetTimestamp();
        var broker = new BrokerProcess(choice, StartOrClear(start, folder), port, folder);
        try
        {
            while (!broker.Answers())
            {
                if (broker._process.HasExited) throw new InvalidOperationException($"{choice.Name} ended with code {broker._process.ExitCode}.");
                if (Stopwatch.GetElapsedTime(startedAt) > StartMax) throw new TimeoutException($"{choice.Name} did not start within {StartMax.TotalSeconds:0} s.");

                Thread.Sleep(1);
            }
        }
        catch
        {
            broker.Dispose();
            throw;
        }

        broker.StartTime = Stopwatch.GetElapsedTime(startedAt);
        return broker;
    }

    /// <summary>What a topic under <c>$SYS/broker</c> says, as it was published last.</summary>
    public string ReadSys(string name)
    {
        using var connection = new MqttConnection(Port, "sys", isClean: true);
        connection.Subscribe($"$SYS/broker/{name}", Qos.AtMostOnce);
        return connection.ReadText();
    }

    /// <summary>What an Avocet wrote about its console: the address and a key.</summary>
    /// <exception cref="TimeoutException">It has none, as where another program has its port.</exception>
    public string ReadLocalAccess()
    {
        var path = Path.Combine(_folder, "data", "console.local");
        var deadline = Stopwatch.StartNew();
        while (!File.Exists(path))
        {
            if (deadline.Elapsed > StartMax) throw new TimeoutException($"{Choice.Name} has no console.");

            Thread.Sleep(10);
        }

        return File.ReadAllText(path);
    }

    public void Dispose()
    {
        Children.End(_process);
        Directory.Delete(_folder, recursive: true);
    }

    private static Process StartOrClear(ProcessStartInfo start, string folder)
    {
        try
        {
            return Children.Start(start);
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    /// <summary>
    /// Where a program lies in the page cache can cost it a fifth of its speed for as long as it lies there, and copies of one file differ as much. A copy for each
    /// round makes that chance, which the median takes out, instead of a property of one of two builds that are compared.
    /// </summary>
    private static string CopyProgram(string path, string folder)
    {
        var source = Path.GetDirectoryName(path)!;
        var target = Path.Combine(folder, "program");
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            // Symbols are for debuggers, and larger than the rest.
            if (Path.GetExtension(file) is ".dbg" or ".pdb") continue;

            var copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return Path.Combine(target, Path.GetFileName(path));
    }

    private static ProcessStartInfo Avocet(string path, string folder, int port, BrokerSetup setup)
    {
        List<string> arguments =
        [
            "serve", "--port", port.ToString(CultureInfo.InvariantCulture), "--ws-port", "0", "--data", Path.Combine(folder, "data"), "--log-level", "warning",
        ];
        if (setup == BrokerSetup.LongQueues)
        {
            arguments.AddRange(["--set", "durability=os", "--set", "session.queue_messages_max=2000000000", "--set", "session.queue_bytes_max=1000000000000"]);
        }

        if (setup == BrokerSetup.AccessRules) arguments.AddRange(["--set", $"access.acl_file={WriteRules(folder)}"]);

        return new ProcessStartInfo(path, arguments);
    }

    /// <summary>A few rules, the one that counts last.</summary>
    private static string WriteRules(string folder)
    {
        var path = Path.Combine(folder, "acl");
        File.WriteAllText(path, """
            topic read $SYS/#
            topic deny bench/secret/#
            topic readwrite public/#
            topic readwrite bench/#
            pattern readwrite device/%c/#

            """);
        return path;
    }

    private static ProcessStartInfo Mosquitto(string path, string folder, int port, BrokerSetup setup)
    {
        // With a limit of queued messages 2.0.11 drops after some 10,000 to one client, although never more than 5,000 wait.
        var configuration = Path.Combine(folder, "mosquitto.conf");
        File.WriteAllText(configuration, string.Create(CultureInfo.InvariantCulture, $"""
            listener {port} 127.0.0.1
            allow_anonymous true
            set_tcp_nodelay true
            persistence false
            max_inflight_messages 256
            max_queued_messages 0
            log_type error
            user {Environment.UserName}
            {(setup == BrokerSetup.AccessRules ? $"acl_file {WriteRules(folder)}" : "")}

            """));
        return new ProcessStartInfo(path, ["-c", configuration]);
    }

    private bool Answers()
    {
        try
        {
            using var connection = new MqttConnection(Port, "probe", isClean: true);
            return true;
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return false;
        }
    }
}
