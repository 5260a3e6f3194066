using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Avocet.Cli.Clients;
using Avocet.Client;
using Avocet.Protocol;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet respond</c>: answers questions, with a text or with what a program makes of them.</summary>
internal sealed class RespondCommand
{
    private static readonly TimeSpan ProgramTime = TimeSpan.FromSeconds(30);

    private readonly ClientArguments _client = new();
    private readonly Argument<string> _filter = new("filter") { Description = "The topic filter of the questions." };
    private readonly Argument<string?> _answer = new("answer") { Description = "The answer to all of them.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _program = new("--exec", "-e") { Description = "A shell command that reads the question and writes the answer.", HelpName = "command" };
    private readonly Option<bool> _echo = new("--echo") { Description = "Answer with the question." };
    private readonly Option<int?> _count = new("--count", "-C") { Description = "End after so many questions.", HelpName = "count" };

    public Command Create()
    {
        var command = new Command("respond", "Answer questions that come with a Response Topic.") { _filter, _answer, _program, _echo, _count };
        _client.AddTo(command);
        command.SetAction((parsed, _) => ClientRun.RunAsync(parsed, _client, (run, _) => RespondAsync(parsed, run)));
        command.Validators.Add(result =>
        {
            var given = (result.GetValue(_answer) is null ? 0 : 1) + (result.GetValue(_program) is null ? 0 : 1) + (result.GetValue(_echo) ? 1 : 0);
            if (given != 1) result.AddError("How to answer is given once: a text, --exec or --echo.");
        });
        return command;
    }

    private async Task<int> RespondAsync(ParseResult parsed, ClientRun run)
    {
        var left = parsed.GetValue(_count);
        if (left is < 1) throw new CommandException($"--count is {left}; it is 1 or more.");

        var fixedAnswer = parsed.GetValue(_answer) is { } text ? Encoding.UTF8.GetBytes(text) : null;
        var program = parsed.GetValue(_program);
        var filter = TopicChecks.CheckFilter(parsed.GetValue(_filter)!);
        var options = new SubscribeOptions { Overflow = OverflowPolicy.Wait };
        await run.ConnectAsync();
        await foreach (var question in run.Client.SubscribeAsync(filter, options, run.Stopping))
        {
            if (question.ResponseTopic is null)
            {
                run.Debug($"{question.Topic}: a message without Response Topic");
                continue;
            }

            var answer = fixedAnswer ?? (program is null ? question.Payload : await RunAsync(program, question, run));
            await run.Client.PublishAsync(new MqttMessage(question.ResponseTopic, answer) { Qos = Qos.AtLeastOnce, CorrelationData = question.CorrelationData }, run.Stopping);
            run.Debug($"{question.Topic}: answered to {question.ResponseTopic}");
            if (left is not null && --left == 0) break;
        }

        return 0;
    }

    private static async Task<ReadOnlyMemory<byte>> RunAsync(string program, MqttMessage question, ClientRun run)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(run.Stopping);
        limit.CancelAfter(ProgramTime);
        var start = OperatingSystem.IsWindows() ? new ProcessStartInfo("cmd", ["/c", program]) : new ProcessStartInfo("/bin/sh", ["-c", program]);
        (start.RedirectStandardInput, start.RedirectStandardOutput) = (true, true);
        start.Environment["MQTT_TOPIC"] = question.Topic;
        try
        {
            using var process = Process.Start(start) ?? throw new CommandException($"'{program}' cannot be started.");
            try
            {
                using var answer = new MemoryStream();
                var reading = process.StandardOutput.BaseStream.CopyToAsync(answer, limit.Token);
                await WriteAsync(process, question.Payload, limit.Token);
                await reading;
                await process.WaitForExitAsync(limit.Token);
                if (process.ExitCode != 0) await run.Error.WriteLineAsync($"avocet: '{program}' ended with {process.ExitCode} for a question to {question.Topic}.");
                return answer.ToArray();
            }
            catch (OperationCanceledException) when (!run.Stopping.IsCancellationRequested)
            {
                process.Kill(entireProcessTree: true);
                throw new CommandException($"'{program}' did not answer a question to {question.Topic} within {ProgramTime.TotalSeconds} s.");
            }
        }
        catch (Win32Exception exception)
        {
            throw new CommandException($"'{program}' cannot be started: {exception.Message.TrimEnd('.')}.");
        }
    }

    private static async Task WriteAsync(Process process, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(payload, cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // A program need not read the question.
        }
    }
}
