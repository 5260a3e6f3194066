using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Avocet.Cli.Clients;
using Avocet.Client;
using Avocet.Protocol;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet replay</c>: publishes what was recorded, with its times, faster or slower.</summary>
internal sealed class ReplayCommand
{
    private const double SpeedMax = 1e9;

    private readonly ClientArguments _client = new();
    private readonly Argument<string> _file = new("file") { Description = "What 'avocet record' wrote." };
    private readonly Option<double> _speed = new("--speed") { Description = "10 is ten times as fast; 0 does not wait at all.", HelpName = "factor", DefaultValueFactory = _ => 1 };
    private readonly Option<string> _prefix = new("--prefix") { Description = "What to put before each topic.", HelpName = "text", DefaultValueFactory = _ => "" };

    public Command Create()
    {
        var command = new Command("replay", "Publish what 'avocet record' wrote, with its times.") { _file, _speed, _prefix };
        _client.AddTo(command);
        command.SetAction((parsed, _) => ClientRun.RunAsync(parsed, _client, (run, _) => ReplayAsync(parsed, run)));
        return command;
    }

    private async Task<int> ReplayAsync(ParseResult parsed, ClientRun run)
    {
        var (path, speed, prefix) = (parsed.GetValue(_file)!, parsed.GetValue(_speed), parsed.GetValue(_prefix)!);
        if (!(speed >= 0 && speed <= SpeedMax)) throw new CommandException($"--speed is {speed}; it is 0 or more.");

        using var reader = new StreamReader(path, new UTF8Encoding(false));
        await run.ConnectAsync();
        var size = Math.Max(1, reader.BaseStream.Length);
        var showsProgress = !Console.IsErrorRedirected;
        var start = TimeProvider.System.GetTimestamp();
        DateTimeOffset? first = null;
        long count = 0;
        for (var number = 1; await reader.ReadLineAsync(run.Stopping) is { } line; number++)
        {
            if (line.Length == 0) continue;

            var (time, message) = Read(line, path, number, prefix);
            first ??= time;
            if (speed > 0)
            {
                var due = (time - first.Value) / speed - TimeProvider.System.GetElapsedTime(start);
                if (due > TimeSpan.Zero) await Task.Delay(due, run.Stopping);
            }

            await run.Client.PublishAsync(message, run.Stopping);
            count++;
            if (showsProgress && count % 50 == 0) await run.Error.WriteAsync($"\r{Bar(reader.BaseStream.Position / (double)size)} {count} messages");
        }

        await run.Error.WriteLineAsync($"{(showsProgress ? $"\r{Bar(1)} " : "")}{count} messages published.");
        return 0;
    }

    private static string Bar(double share)
    {
        const int Width = 30;
        var full = (int)(Math.Clamp(share, 0, 1) * Width);
        return $"[{new string('#', full)}{new string('.', Width - full)}]";
    }

    private static (DateTimeOffset Time, MqttMessage Message) Read(string line, string path, int number, string prefix)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            var payload = root.TryGetProperty("payloadBase64", out var binary) ? binary.GetBytesFromBase64() : Encoding.UTF8.GetBytes(root.GetProperty("payload").GetString() ?? "");
            var qos = root.GetProperty("qos").GetInt32();
            if (qos is < 0 or > 2) throw new FormatException($"qos is {qos}");

            return (DateTimeOffset.Parse(root.GetProperty("time").GetString()!, CultureInfo.InvariantCulture), new MqttMessage(prefix + root.GetProperty("topic").GetString(), payload)
            {
                Qos = (Qos)qos,
                Retain = root.TryGetProperty("retain", out var retain) && retain.GetBoolean(),
                ContentType = Text(root, "contentType"),
                ResponseTopic = Text(root, "responseTopic"),
                CorrelationData = root.TryGetProperty("correlationData", out var correlation) ? correlation.GetBytesFromBase64() : (ReadOnlyMemory<byte>?)null,
                IsUtf8 = root.TryGetProperty("utf8", out var utf8) && utf8.GetBoolean(),
                MessageExpiry = root.TryGetProperty("expirySeconds", out var expiry) ? TimeSpan.FromSeconds(expiry.GetInt64()) : null,
                UserProperties = root.TryGetProperty("userProperties", out var pairs) ? [.. pairs.EnumerateArray().Select(pair => new UserProperty(pair[0].GetString()!, pair[1].GetString()!))] : [],
            });
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or FormatException or InvalidOperationException or ArgumentNullException or IndexOutOfRangeException)
        {
            throw new CommandException($"{path}:{number}: is no line of a recording: {exception.Message.ReplaceLineEndings(" ").TrimEnd('.')}.");
        }
    }

    private static string? Text(JsonElement root, string name) => root.TryGetProperty(name, out var value) ? value.GetString() : null;
}
