using System.Globalization;
using System.Text;
using Avocet.Server.Logging;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Avocet.Server.Tests;

/// <summary>Lines go through a queue, which never holds up whoever logs.</summary>
public sealed class LogWriterTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public void Disposal_writes_what_is_queued_in_order()
    {
        using var output = new MemoryStream();
        using (var writer = new LogWriter(new TextLogFormatter(), output))
        {
            var logger = writer.CreateLogger("Avocet");
            for (var i = 0; i < 1000; i++) Write(logger, $"line {i}");
        }

        var lines = Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => $"line {i}"), lines.Select(line => line[line.IndexOf("line", StringComparison.Ordinal)..]));
    }

    [Fact]
    public void Lines_for_which_there_is_no_room_are_counted_where_they_are_missing()
    {
        const int Lines = 6000;
        using var output = new BlockingStream();
        using (var writer = new LogWriter(new TextLogFormatter(), output))
        {
            var logger = writer.CreateLogger("Avocet");
            Write(logger, "first");
            Assert.True(output.IsWritten.Wait(Deadline));

            // The output takes nothing now; this is more than the queue does.
            var text = new string('x', 1000);
            for (var i = 0; i < Lines; i++) Write(logger, text);

            output.MayGoOn.Set();
        }

        var lines = output.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var told = Assert.Single(lines, line => line.Contains(" log lines were left out here", StringComparison.Ordinal));
        var leftOut = int.Parse(told[..told.IndexOf(' ', StringComparison.Ordinal)], CultureInfo.InvariantCulture);
        Assert.InRange(leftOut, 1, Lines - 1);
        Assert.Equal(1 + Lines - leftOut, lines.Length - 1);
    }

    private static void Write(ILogger logger, string text) => logger.Log(LogLevel.Information, default, text, null, static (state, _) => state);

    /// <summary>Its first write waits.</summary>
    private sealed class BlockingStream : MemoryStream
    {
        public ManualResetEventSlim IsWritten { get; } = new();

        public ManualResetEventSlim MayGoOn { get; } = new();

        public string Text => Encoding.UTF8.GetString(ToArray());

        public override void Write(byte[] buffer, int offset, int count)
        {
            IsWritten.Set();
            Assert.True(MayGoOn.Wait(Deadline));
            base.Write(buffer, offset, count);
        }

        protected override void Dispose(bool disposing)
        {
            IsWritten.Dispose();
            MayGoOn.Dispose();
            base.Dispose(disposing);
        }
    }
}
