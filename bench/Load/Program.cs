using System.CommandLine;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text.Json;
using Avocet.Load;

var tool = new Option<string>("--tool") { Description = "The avocet that makes the load, and the default of --avocet.", Required = true };
var mqttNet = new Option<string?>("--mqttnet") { Description = "The program of bench/MqttNetServer." };
var avocet = new Option<string?>("--avocet") { Description = "The avocet that is measured." };
var avocet2 = new Option<string?>("--avocet2") { Description = "Another avocet, as a column of its own." };
var mosquitto = new Option<string>("--mosquitto") { Description = "Mosquitto's program.", DefaultValueFactory = _ => "/usr/sbin/mosquitto" };
var rounds = new Option<int>("--rounds") { Description = "How often each scenario runs; the table has medians.", DefaultValueFactory = _ => 3 };
var only = new Option<string?>("--only") { Description = $"Scenarios, with commas: {string.Join(", ", Scenarios.All.Select(scenario => scenario.Name))}." };
var brokers = new Option<string>("--brokers") { Description = "Of avocet, avocet2, mosquitto, mqttnet.", DefaultValueFactory = _ => "avocet,avocet2,mosquitto,mqttnet" };
var quick = new Option<bool>("--quick") { Description = "Short runs and small counts, to see whether everything works." };
var soakMinutes = new Option<double>("--soak-minutes") { Description = "How long 'soak' takes.", DefaultValueFactory = _ => 30 };
var root = new RootCommand("Measures what brokers cost under the same load.") { tool, mqttNet, avocet, avocet2, mosquitto, rounds, only, brokers, quick, soakMinutes };
root.SetAction((parsed, _) => RunAsync(parsed));

using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, End);
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });

void End(PosixSignalContext context)
{
    context.Cancel = true;
    Children.EndAll();
}

async Task<int> RunAsync(ParseResult parsed)
{
    var chosen = ChooseBrokers(parsed);
    var scenarios = ChooseScenarios(parsed.GetValue(only));
    if (chosen.Count == 0 || scenarios.Count == 0)
    {
        await Console.Error.WriteLineAsync("Nothing to measure: --only or --brokers names nothing that is there.");
        return 1;
    }

    var results = new Results(chosen);
    var load = new LoadTool(Path.GetFullPath(parsed.GetValue(tool)!));
    var failed = 0;
    try
    {
        // Interleaved, so that what else the machine does hits all alike, and each is first in turn: the same program was up to a fifth slower where it came first.
        for (var round = 0; round < Math.Clamp(parsed.GetValue(rounds), 1, 100); round++)
        {
            foreach (var scenario in scenarios)
            {
                foreach (var choice in chosen.Skip(round % chosen.Count).Concat(chosen.Take(round % chosen.Count))) failed += await MeasureAsync(scenario, choice, parsed, load, results);
            }
        }
    }
    catch (OperationCanceledException)
    {
        await Console.Error.WriteLineAsync("Ended before its time.");
        failed++;
    }
    finally
    {
        Children.EndAll();
    }

    results.Write(Console.Out);
    return failed == 0 ? 0 : 1;
}

async Task<int> MeasureAsync(Scenario scenario, BrokerChoice choice, ParseResult parsed, LoadTool load, Results results)
{
    try
    {
        using var broker = BrokerProcess.Start(choice, scenario.Setup);
        await scenario.RunAsync(new Measurement(broker, load, results, parsed.GetValue(quick), parsed.GetValue(soakMinutes)));
        return 0;
    }
    catch (Exception exception) when (exception is InvalidOperationException or TimeoutException or IOException or KeyNotFoundException or Win32Exception or JsonException)
    {
        // The others are still worth measuring; the table shows a gap.
        await Console.Error.WriteLineAsync($"{scenario.Name} · {choice.Name}: {exception.Message}");
        return 1;
    }
}

List<BrokerChoice> ChooseBrokers(ParseResult parsed)
{
    var names = parsed.GetValue(brokers)!.Split(',');
    List<BrokerChoice> known =
    [
        new("Avocet", BrokerKind.Avocet, Path.GetFullPath(parsed.GetValue(avocet) ?? parsed.GetValue(tool)!)),
        new("Mosquitto", BrokerKind.Mosquitto, parsed.GetValue(mosquitto)!),
    ];
    if (parsed.GetValue(avocet2) is { } second) known.Insert(1, new("Avocet2", BrokerKind.Avocet, Path.GetFullPath(second)));
    if (parsed.GetValue(mqttNet) is { } server) known.Add(new("MQTTnet", BrokerKind.MqttNet, Path.GetFullPath(server)));

    return known.FindAll(broker => names.Contains(broker.Name, StringComparer.OrdinalIgnoreCase));
}

static List<Scenario> ChooseScenarios(string? names)
{
    if (names is null) return [.. Scenarios.All.Where(scenario => !scenario.IsOnRequest)];

    var unknown = names.Split(',').Where(name => name != "abuse" && Scenarios.All.All(scenario => scenario.Name != name)).ToArray();
    if (unknown.Length > 0) Console.Error.WriteLine($"Unknown: {string.Join(", ", unknown)}.");
    return [.. Scenarios.All.Where(scenario => names.Split(',').Contains(AbuseScenarios.Has(scenario) && !names.Contains(scenario.Name, StringComparison.Ordinal) ? "abuse" : scenario.Name))];
}
