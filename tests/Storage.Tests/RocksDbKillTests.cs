using System.Diagnostics;
using System.Globalization;
using Avocet.Broker.Storage;
using Avocet.Storage.RocksDb;
using Avocet.Storage.Tests.Support;
using Xunit;

namespace Avocet.Storage.Tests;

/// <summary>A process that is killed while it writes.</summary>
public sealed class RocksDbKillTests
{
    private const StoreTable Table = StoreTable.Queue;
    private const string FolderVariable = "AVOCET_TEST_WRITE_UNTIL_KILLED";
    private const string Written = "written ";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Killed_writer_leaves_all_that_it_was_told_is_kept()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(11);
        var kept = 0;
        for (var round = 0; round < 3; round++)
        {
            kept = await WriteUntilKilledAsync(folder.Path, enough: kept + random.Next(100, 600));

            using var store = RocksDbStore.Open(folder.Path);
            var entries = store.Read(Table);
            // One more may be there, whose answer the kill cut off; never a half one.
            Assert.InRange(entries.Count, 2 * kept, 2 * kept + 2);
            Assert.Equal(0, entries.Count % 2);
            Assert.Equal(entries.Where(entry => entry[6] == 'a').Select(entry => entry[..6]), entries.Where(entry => entry[6] == 'b').Select(entry => entry[..6]));
            kept = entries.Count / 2;
        }
    }

    /// <summary>Not a test: the process that is killed.</summary>
    [Fact(Explicit = true)]
    public void Write_until_killed()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is not { } folder) return;

        using var store = RocksDbStore.Open(folder);
        var value = new string('x', 5000);
        var written = store.Read(Table).Count / 2;
        // Its parent kills it; without one it ends by itself.
        for (var end = written + 100_000; written < end; written++)
        {
            store.Commit(
                batch =>
                {
                    batch.Put(Table, string.Create(CultureInfo.InvariantCulture, $"{written:D6}a"), value);
                    batch.Put(Table, string.Create(CultureInfo.InvariantCulture, $"{written:D6}b"), value);
                },
                sync: written % 50 == 0);
            Console.WriteLine($"{Written}{written + 1}");
        }
    }

    /// <summary>Gives how many batches it said were kept.</summary>
    private static async Task<int> WriteUntilKilledAsync(string folder, int enough)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Avocet.Storage.Tests");
        var start = new ProcessStartInfo(program, ["-noColor", "-explicit", "only", "-method", $"*.{nameof(Write_until_killed)}"]) { RedirectStandardOutput = true };
        start.Environment[FolderVariable] = folder;
        using var process = Process.Start(start)!;
        var written = 0;
        try
        {
            using var deadline = new CancellationTokenSource(Deadline);
            while (await process.StandardOutput.ReadLineAsync(deadline.Token) is { } line)
            {
                if (line.StartsWith(Written, StringComparison.Ordinal)) written = int.Parse(line[Written.Length..], CultureInfo.InvariantCulture);
                if (written >= enough) process.Kill();
            }

            await process.WaitForExitAsync(deadline.Token);
        }
        finally
        {
            process.Kill();
        }

        Assert.True(written >= enough, $"the writer ended by itself after {written} batches, with exit code {process.ExitCode}");
        return written;
    }
}
