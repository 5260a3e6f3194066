using System.Text.Json;
using Avocet.Cli.Clients;
using Avocet.Client;
using Avocet.Protocol;
using Avocet.Security.Users;

namespace Avocet.Cli.Users;

/// <summary>A connection over which users, groups and roles are managed: commands go to <c>$CONTROL/dynamic-security/v1</c>, and each is answered.</summary>
internal sealed class UsersConnection(ClientRun run) : IAsyncDisposable
{
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(60);

    private Subscription? _answers;

    /// <summary>Sends commands in one message, and gives the data of each answer; an undefined element where it has none.</summary>
    /// <exception cref="CommandException">A command was refused, or nobody answers.</exception>
    public async Task<IReadOnlyList<JsonElement>> AskAsync(params IReadOnlyList<CommandRecord> commands)
    {
        if (_answers is null)
        {
            await run.ConnectAsync();
            _answers = await run.Client.OpenSubscriptionAsync(UserDatabase.ResponseTopic, new SubscribeOptions { Qos = Qos.AtLeastOnce }, run.Stopping);
        }

        var request = JsonSerializer.SerializeToUtf8Bytes(new RequestRecord { Commands = commands }, UserJson.Compact.RequestRecord);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(run.Stopping);
        limit.CancelAfter(AnswerTimeMax);
        try
        {
            await run.Client.PublishAsync(UserDatabase.ControlTopic, request, Qos.AtLeastOnce, cancellationToken: limit.Token);
            await foreach (var answer in _answers.ReadAllAsync(limit.Token)) return Read(answer.Payload, commands);
        }
        catch (OperationCanceledException) when (!run.Stopping.IsCancellationRequested)
        {
            // Told below.
        }

        throw new CommandException($"No answer within {AnswerTimeMax.TotalSeconds:0} s. Has the broker a database of users (login.users), and may this user manage it?", ClientRun.ExitTimeout);
    }

    public ValueTask DisposeAsync() => _answers?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static List<JsonElement> Read(ReadOnlyMemory<byte> payload, IReadOnlyList<CommandRecord> commands)
    {
        var data = new List<JsonElement>();
        try
        {
            using var document = JsonDocument.Parse(payload);
            foreach (var response in document.RootElement.GetProperty("responses").EnumerateArray())
            {
                if (response.TryGetProperty("error", out var error))
                {
                    var command = data.Count < commands.Count ? commands[data.Count] : new CommandRecord();
                    var about = command.UserName ?? command.GroupName ?? command.RoleName;
                    throw new CommandException($"{command.Command}{(about is null ? "" : $" '{about}'")}: {error.GetString()}.");
                }

                data.Add(response.TryGetProperty("data", out var value) ? value.Clone() : default);
            }
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new CommandException("The broker's answer is not that of dynamic security.");
        }

        return data.Count == commands.Count ? data : throw new CommandException("The broker has not answered every command.");
    }
}
