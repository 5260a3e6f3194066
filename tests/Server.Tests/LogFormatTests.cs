using System.Text.Json;
using Avocet.Server.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Xunit;

namespace Avocet.Server.Tests;

public sealed class LogFormatTests
{
    private static readonly KeyValuePair<string, object?>[] Fields = [new("Client", "a\nb\u001b[31m"), new("Seconds", 3), new("{OriginalFormat}", "…")];

    [Fact]
    public void Text_line_has_time_level_and_message_and_no_control_characters()
    {
        var line = Write(new TextLogFormatter());

        Assert.Matches(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} warning Client a\\u000ab\\u001b\[31m left\.\n$", line);
    }

    [Fact]
    public void Json_line_has_the_fields_by_name()
    {
        var line = Write(new JsonLogFormatter());

        Assert.Equal(1, line.Count(c => c == '\n'));
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        Assert.Equal(("warning", 1234, "Left"), (root.GetProperty("level").GetString(), root.GetProperty("event").GetInt32(), root.GetProperty("name").GetString()));
        Assert.Equal("Client a\nb\u001b[31m left.", root.GetProperty("message").GetString());
        Assert.Equal("a\nb\u001b[31m", root.GetProperty("fields").GetProperty("Client").GetString());
        Assert.Equal(3, root.GetProperty("fields").GetProperty("Seconds").GetInt32());
    }

    [Theory]
    [InlineData("Avocet.Broker", LogLevel.Information, LogLevel.Information, true)]
    [InlineData("Avocet.Broker", LogLevel.Debug, LogLevel.Information, false)]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Information, LogLevel.Debug, false)]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Warning, LogLevel.Information, true)]
    [InlineData("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Debug, LogLevel.Trace, true)]
    public void Level_decides_what_is_written(string category, LogLevel level, LogLevel minimum, bool isWritten)
    {
        Assert.Equal(isWritten, new LogLevelSwitch(minimum).Allows(category, level));
    }

    private static string Write(ConsoleFormatter formatter)
    {
        using var writer = new StringWriter();
        var entry = new LogEntry<IReadOnlyList<KeyValuePair<string, object?>>>(
            LogLevel.Warning, "Avocet.Broker", new EventId(1234, "Left"), Fields, null, (fields, _) => $"Client {fields[0].Value} left.");
        formatter.Write(entry, null, writer);
        return writer.ToString();
    }
}
