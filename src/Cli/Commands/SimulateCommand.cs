using System.CommandLine;
using Avocet.Cli.Clients;
using Avocet.Client;
using Avocet.Devices;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet simulate</c>: devices as they are in homes, houses and fields, each with a connection of its own.</summary>
internal sealed class SimulateCommand
{
    private const int ClientsMax = 10_000;
    private const double SpeedMax = 1000;

    private readonly ClientArguments _client = new();
    private readonly Option<int> _clients = new("--clients") { Description = "Devices, each with its connection.", HelpName = "count", DefaultValueFactory = _ => 12 };
    private readonly Option<double?> _seconds = new("--timeout", "-W") { Description = "End after so many seconds.", HelpName = "seconds" };
    private readonly Option<double> _speed = new("--speed") { Description = "Reports come so many times as often.", HelpName = "factor", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _seed = new("--seed") { Description = "The same number gives the same values.", HelpName = "number", DefaultValueFactory = _ => 1 };

    private long _published;

    public Command Create() => new("simulate", "Be a lot of believable devices, to see a system alive.")
    {
        Create("smart-home", "Zigbee2MQTT-style sensors and plugs, with Home Assistant discovery and availability.", (number, seed) => new SmartHomeDevice(number, seed)),
        Create("energy", "Meters that publish power and energy each second, by the curve of a day.", (number, seed) => new EnergyMeter(number, seed)),
        Create("farm", "LoRaWAN soil sensors, as ChirpStack publishes them.", (number, seed) => new SoilSensor(number, seed)),
    };

    private Command Create(string name, string description, Func<int, int, Device> make)
    {
        var command = new Command(name, description) { _clients, _seconds, _speed, _seed };
        _client.AddTo(command);
        command.SetAction((parsed, _) => ClientRun.RunAsync(parsed, _client, (run, settings) => SimulateAsync(parsed, run, settings, make)));
        return command;
    }

    private async Task<int> SimulateAsync(ParseResult parsed, ClientRun run, ClientSettings settings, Func<int, int, Device> make)
    {
        var (count, seconds, speed, seed) = (parsed.GetValue(_clients), parsed.GetValue(_seconds), parsed.GetValue(_speed), parsed.GetValue(_seed));
        if (count is < 1 or > ClientsMax) throw new CommandException($"--clients is {count}; it is from 1 to {ClientsMax}.");
        if (!(speed > 0 && speed <= SpeedMax)) throw new CommandException($"--speed is {speed}; it is more than 0 and at most {SpeedMax}.");
        if (seconds is { } limit && !(limit > 0 && limit < 1e9)) throw new CommandException($"--timeout is {limit}; it is more than 0.");

        // Whether the broker lets anybody in shows with one client, before there are many.
        await run.ConnectAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(run.Stopping);
        if (seconds is { } time) stop.CancelAfter(TimeSpan.FromSeconds(time));
        // Spread over an interval, so that they do not all report at once.
        var devices = Enumerable.Range(0, count).Select(number => make(number, seed * 1_000_003 + number));
        var running = devices.Select(device => RunAsync(device, count, speed, settings, stop.Token)).ToList();
        await run.Error.WriteLineAsync($"{count} devices at {settings.Options.Server!.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped)}. Ctrl-C ends them.");
        var all = Task.WhenAll(running);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (!Console.IsErrorRedirected && !all.IsCompleted)
        {
            await Task.WhenAny(all, timer.WaitForNextTickAsync(CancellationToken.None).AsTask());
            await run.Error.WriteAsync($"\r{Interlocked.Read(ref _published)} messages");
        }

        await all;
        await run.Error.WriteLineAsync($"{(Console.IsErrorRedirected ? "" : "\r")}{Interlocked.Read(ref _published)} messages published.");
        return 0;
    }

    private async Task RunAsync(Device device, int count, double speed, ClientSettings settings, CancellationToken cancellationToken)
    {
        await using var client = new MqttClient(OptionsFor(device, settings.Options));
        try
        {
            await client.ConnectAsync(cancellationToken);
            foreach (var message in device.Begin()) await PublishAsync(client, message, cancellationToken);

            await Task.Delay(device.Interval / speed * device.Number / count, cancellationToken);
            using var timer = new PeriodicTimer(device.Interval / speed);
            do
            {
                foreach (var message in device.Report(TimeProvider.System.GetLocalNow())) await PublishAsync(client, message, cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // The end; those that have an availability say so.
            if (client.State == ConnectionState.Connected)
            {
                foreach (var message in device.End()) await PublishAsync(client, message, CancellationToken.None);
            }
        }
    }

    private async Task PublishAsync(MqttClient client, MqttMessage message, CancellationToken cancellationToken)
    {
        await client.PublishAsync(message, cancellationToken);
        Interlocked.Increment(ref _published);
    }

    private static MqttClientOptions OptionsFor(Device device, MqttClientOptions common)
    {
        var options = new MqttClientOptions
        {
            Server = common.Server,
            ClientId = device.ClientId,
            UserName = common.UserName,
            Password = common.Password,
            ProtocolVersion = common.ProtocolVersion,
            FallsBackTo311 = common.FallsBackTo311,
            KeepAlive = common.KeepAlive,
            SessionExpiry = TimeSpan.Zero,
            LocalAddress = common.LocalAddress,
            Proxy = common.Proxy,
            PropagatesTraceContext = false,
            Will = device.Will,
        };
        options.Tls.CertificateAuthorities.AddRange(common.Tls.CertificateAuthorities);
        options.Tls.ClientCertificate = common.Tls.ClientCertificate;
        options.Tls.Protocols = common.Tls.Protocols;
        foreach (var suite in common.Tls.CipherSuites) options.Tls.CipherSuites.Add(suite);
        options.Tls.ServerCertificateValidation = common.Tls.ServerCertificateValidation;
        foreach (var protocol in common.Tls.ApplicationProtocols) options.Tls.ApplicationProtocols.Add(protocol);
        return options;
    }
}
