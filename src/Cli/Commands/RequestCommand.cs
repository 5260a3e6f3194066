using System.CommandLine;
using System.Text;
using Avocet.Cli.Clients;
using Avocet.Cli.Output;
using Avocet.Client;
using Avocet.Protocol;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet request</c>: asks a question and shows its answer.</summary>
internal sealed class RequestCommand
{
    private readonly ClientArguments _client = new();
    private readonly Argument<string> _topic = new("topic") { Description = "Where to ask." };
    private readonly Argument<string> _message = new("message") { Description = "The question.", DefaultValueFactory = _ => "" };
    private readonly Option<int> _qos = new("--qos", "-q") { Description = "0, 1 or 2.", HelpName = "qos", DefaultValueFactory = _ => 1 };
    private readonly Option<double> _seconds = new("--timeout", "-W") { Description = "Seconds to wait for the answer; then the exit code is 27.", HelpName = "seconds", DefaultValueFactory = _ => 10 };
    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Tell on standard error how long it took." };
    private readonly Option<string?> _format = new("--format", "-F") { Description = "What to show of the answer, as for sub.", HelpName = "format" };

    public Command Create()
    {
        var command = new Command("request", "Ask a question over Response Topic and Correlation Data, and show the answer.") { _topic, _message, _qos, _seconds, _verbose, _format };
        _client.AddTo(command);
        command.SetAction((parsed, _) => ClientRun.RunAsync(parsed, _client, (run, settings) => AskAsync(parsed, run, settings)));
        return command;
    }

    private async Task<int> AskAsync(ParseResult parsed, ClientRun run, ClientSettings settings)
    {
        var seconds = parsed.GetValue(_seconds);
        if (!(seconds > 0 && seconds <= 86_400)) throw new CommandException($"--timeout is {seconds}; it is more than 0 and at most 86400.");

        var format = new OutputFormat(parsed.GetValue(_format) ?? "%p");
        var properties = PacketProperties.Of("publish", settings.Properties);
        var question = new MqttMessage(TopicChecks.CheckName(parsed.GetValue(_topic)!), Encoding.UTF8.GetBytes(parsed.GetValue(_message) ?? ""))
        {
            Qos = (Qos)ClientArguments.Qos("--qos", parsed.GetValue(_qos)),
            ContentType = properties.ContentType,
            UserProperties = properties.UserProperties,
        };
        await run.ConnectAsync();
        var start = TimeProvider.System.GetTimestamp();
        MqttMessage answer;
        try
        {
            answer = await run.Client.RequestAsync(question, TimeSpan.FromSeconds(seconds), run.Stopping);
        }
        catch (TimeoutException)
        {
            throw new CommandException($"No answer from {question.Topic} within {seconds} s. Is somebody there who responds?", ClientRun.ExitTimeout);
        }

        if (parsed.GetValue(_verbose)) await run.Error.WriteLineAsync($"{TimeProvider.System.GetElapsedTime(start).TotalMilliseconds:0.0} ms");
        await using var output = Console.OpenStandardOutput();
        format.Write(answer, TimeProvider.System.GetLocalNow(), output);
        await output.WriteAsync("\n"u8.ToArray());
        return 0;
    }
}
