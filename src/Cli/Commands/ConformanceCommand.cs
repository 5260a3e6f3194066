using System.CommandLine;
using Avocet.Cli.Conformance;
using Avocet.Cli.Net;
using Avocet.Protocol;
using Avocet.Server;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet conformance</c>: whether a broker does what the standards demand.</summary>
internal sealed class ConformanceCommand
{
    /// <summary>The checks ran, and some failed.</summary>
    public const int ExitFailed = 2;

    private const double SecondsMin = 0.1, SecondsMax = 600;

    private readonly Argument<string> _url = new("url")
    {
        Description = "The broker: mqtt://user:password@host:port, mqtts://…, ws://…, wss://…",
        DefaultValueFactory = _ => "mqtt://localhost:1883",
    };

    private readonly Option<string> _version = new("--mqtt", "-V") { Description = "5, 3.1.1, or both.", HelpName = "version", DefaultValueFactory = _ => "both" };
    private readonly Option<string[]> _only = new("--only") { Description = "Only checks with this in their name or this rule; may be given again.", HelpName = "text", DefaultValueFactory = _ => [] };
    private readonly Option<bool> _list = new("--list") { Description = "Show the checks and run none." };
    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Show the checks that passed, too." };
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object." };
    private readonly Option<double> _timeout = new("--timeout", "-W") { Description = "Seconds that a wait for the broker may take.", DefaultValueFactory = _ => 5 };
    private readonly Option<string?> _authority = new("--cafile") { Description = "Authorities to trust, PEM.", HelpName = "file" };
    private readonly Option<bool> _insecure = new("--insecure") { Description = "Take any certificate." };

    public Command Create()
    {
        var command = new Command("conformance", "Check a broker against the normative statements of MQTT 5.0 and 3.1.1. It needs no preparation, and is left clean.")
        {
            _url, _version, _only, _list, _verbose, _json, _timeout, _authority, _insecure,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        try
        {
            var options = Read(parsed);
            if (parsed.GetValue(_list))
            {
                ConformanceReport.WriteList(options.Versions, options.Only, output);
                return ServerProcess.ExitSuccess;
            }

            var progress = new CheckProgress(error);
            var results = await new ConformanceRun(options, progress.Show).RunAsync(cancellationToken);
            progress.Clear();
            if (parsed.GetValue(_json)) ConformanceReport.WriteJson(options.Url.ToString(), results, output);
            else ConformanceReport.Write(results, output, parsed.GetValue(_verbose));
            return results.Any(result => result.Outcome == Outcome.Failed) ? ExitFailed : ServerProcess.ExitSuccess;
        }
        catch (CommandException exception)
        {
            await error.WriteLineAsync($"avocet: {exception.Message}");
            return exception.ExitCode;
        }
    }

    private ConformanceOptions Read(ParseResult parsed)
    {
        var url = BrokerUrl.Parse(parsed.GetValue(_url)!);
        var seconds = parsed.GetValue(_timeout);
        if (!(seconds >= SecondsMin && seconds <= SecondsMax)) throw new CommandException($"--timeout is {seconds}; it is from {SecondsMin} to {SecondsMax}.");

        return new ConformanceOptions
        {
            Url = url,
            UserName = url.UserName,
            Password = url.Password,
            Trust = TlsTrust.Read(parsed.GetValue(_authority), null, null, parsed.GetValue(_insecure), null),
            Versions = parsed.GetValue(_version) switch
            {
                "both" => [ProtocolVersion.V50, ProtocolVersion.V311],
                "5" or "5.0" or "mqttv5" => [ProtocolVersion.V50],
                "3.1.1" or "311" or "mqttv311" => [ProtocolVersion.V311],
                var other => throw new CommandException($"--mqtt is '{other}'; it is 5, 3.1.1 or both."),
            },
            Only = parsed.GetValue(_only) ?? [],
            TimeLimit = TimeSpan.FromSeconds(seconds),
        };
    }
}
