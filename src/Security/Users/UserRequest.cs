using System.Text;
using System.Text.Json;
using Avocet.Broker.Security;
using Avocet.Security.Passwords;

namespace Avocet.Security.Users;

/// <summary>
/// The commands of one message, <c>{"commands":[{"command":…}]}</c>, and their answers, <c>{"responses":[{"command":…,"error":…,"correlationData":…,"data":{…}}]}</c>.
/// </summary>
internal sealed class UserRequest
{
    private const string Unknown = "Unknown command";

    private readonly UserCommand[] _commands;

    private UserRequest(UserCommand[] commands) => _commands = commands;

    public IReadOnlyList<UserCommand> Commands => _commands;

    public static UserRequest Parse(ReadOnlyMemory<byte> payload)
    {
        if (payload.Length > UserLimits.RequestBytesMax) return Refused($"Payload has more than {UserLimits.RequestBytesMax} bytes");

        try
        {
            using var document = JsonDocument.Parse(payload);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !TryGet(document.RootElement, "commands", out var commands) || commands.ValueKind != JsonValueKind.Array) return Refused("Invalid/missing commands");
            if (commands.GetArrayLength() > UserLimits.CommandsMax) return Refused($"More than {UserLimits.CommandsMax} commands");

            var passwords = 0;
            return new UserRequest([.. commands.EnumerateArray().Select(element => Check(Read(element), ref passwords))]);
        }
        catch (JsonException)
        {
            return Refused("Payload not valid JSON");
        }
    }

    /// <summary>Hashes the passwords, off this thread.</summary>
    public async Task HashAsync(HashingThreads hashing, CancellationToken cancellationToken)
    {
        for (var i = 0; i < _commands.Length; i++)
        {
            if (_commands[i] is not { Problem: null, Record: { Password.Length: > 0, EncodedPassword: null } record } command) continue;

            var hash = await hashing.HashAsync(Encoding.UTF8.GetBytes(record.Password), cancellationToken);
            _commands[i] = hash is null ? command with { Problem = "The server is busy with passwords; try again later" } : command with { Hash = hash };
        }
    }

    /// <summary>Carries out the commands in their order.</summary>
    public List<CommandAnswer> Execute(UserEdit edit, Func<Func<string, bool>, ILookup<string, ClientIdentity>> findConnections) =>
        [.. _commands.Select(command => command.Problem is { } problem
            ? CommandAnswer.Failed(problem)
            : UserCommands.Run(command, edit, findConnections) ?? GroupCommands.Run(command, edit) ?? RoleCommands.Run(command, edit) ?? CommandAnswer.Failed(Unknown))];

    /// <summary>The answer to the message.</summary>
    /// <param name="answers">Those to the commands.</param>
    /// <param name="failure">Why no change could be kept; null where all were.</param>
    public byte[] Write(IReadOnlyList<CommandAnswer> answers, string? failure)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = UserJson.Compact.Options.Encoder }))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("responses");
            for (var i = 0; i < _commands.Length; i++)
            {
                var answer = failure is not null && answers[i].IsChange ? CommandAnswer.Failed(failure) : answers[i];
                if (answer.Data is not null && writer.BytesCommitted + writer.BytesPending > UserLimits.AnswerBytesMax) answer = CommandAnswer.Failed("The answer is too large; ask for less with count and offset");

                Write(writer, _commands[i], answer);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return buffer.ToArray();
    }

    /// <summary>The answer where nothing was looked at.</summary>
    public byte[] Fail(string problem) => Write([.. _commands.Select(_ => CommandAnswer.Failed(problem))], null);

    private static void Write(Utf8JsonWriter writer, UserCommand command, CommandAnswer answer)
    {
        writer.WriteStartObject();
        writer.WriteString("command", command.Record.Command ?? Unknown);
        if (answer.Error is { } error) writer.WriteString("error", error);
        if (command.Record.CorrelationData is { } correlation) writer.WriteString("correlationData", correlation);
        if (answer.Data is { } data)
        {
            writer.WriteStartObject("data");
            data(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static UserRequest Refused(string problem) => new([new UserCommand("", new CommandRecord(), problem)]);

    private static UserCommand Read(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object) return new UserCommand("", new CommandRecord(), "Command not an object");

        try
        {
            var record = element.Deserialize(UserJson.Compact.CommandRecord)!;
            return record.Command is { Length: > 0 } name ? new UserCommand(name.ToUpperInvariant(), record, null) : new UserCommand("", record with { Command = null }, "Missing command");
        }
        catch (JsonException exception)
        {
            // Which member it is, such as "$.roles[0].rolename".
            var member = (exception.Path ?? "").TrimStart('$', '.').Split('.', '[')[0];
            var record = new CommandRecord { Command = TextOf(element, "command"), CorrelationData = TextOf(element, "correlationData") };
            var problem = record.Command is null ? "Missing command" : $"Invalid/missing {(member == "clientid" ? "client id" : member)}";
            return new UserCommand("", record, problem);
        }
    }

    private static UserCommand Check(UserCommand command, ref int passwords)
    {
        if (command.Problem is not null) return command;

        var record = command.Record;
        var problem = !UserForms.IsText(record.TextName) ? "Invalid/missing textname"
            : !UserForms.IsText(record.TextDescription) ? "Invalid/missing textdescription"
            : record.ClientId is not null && !UserForms.IsName(record.ClientId) ? "Invalid/missing client id"
            : record.Password is { } password && Encoding.UTF8.GetByteCount(password) > UserLimits.PasswordBytesMax ? "Invalid/missing password"
            : record.Password is { Length: > 0 } && ++passwords > UserLimits.PasswordsMax ? $"More than {UserLimits.PasswordsMax} passwords in one message"
            : null;
        return problem is null ? command : command with { Problem = problem };
    }

    private static string? TextOf(JsonElement element, string name) => TryGet(element, name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool TryGet(JsonElement element, string name, out JsonElement value)
    {
        foreach (var property in element.EnumerateObject())
        {
            if (!property.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) continue;

            value = property.Value;
            return true;
        }

        value = default;
        return false;
    }
}
