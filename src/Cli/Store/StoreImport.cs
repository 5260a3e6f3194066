using System.Text;
using System.Text.Json;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Topics;

namespace Avocet.Cli.Store;

/// <summary>Reads what <see cref="StoreExport"/> wrote.</summary>
internal sealed class StoreImport(ImportTarget target)
{
    /// <summary>
    /// Imports all lines or none: the first pass only looks, and refuses what the second one could not write. Who interrupts the second one has a part.
    /// </summary>
    /// <param name="store">Where to.</param>
    /// <param name="mayReplace">Whether what is there gives way.</param>
    /// <param name="openFile">Opens the lines, twice.</param>
    /// <exception cref="ImportException">A line is refused; the message names it.</exception>
    public static ImportCounts Run(IStore store, bool mayReplace, Func<TextReader> openFile)
    {
        RunOnce(new ImportTarget(store, mayReplace, isRehearsal: true), openFile);
        return RunOnce(new ImportTarget(store, mayReplace, isRehearsal: false), openFile);
    }

    private static ImportCounts RunOnce(ImportTarget target, Func<TextReader> openFile)
    {
        var import = new StoreImport(target);
        using (var lines = openFile())
        {
            for (var number = 1; lines.ReadLine() is { } line; number++) import.AddNumbered(number, line);
        }

        target.Finish();
        return target.Counts;
    }

    private void AddNumbered(int number, string text)
    {
        if (string.IsNullOrWhiteSpace(text)) return;

        try
        {
            Add(StoreLine.Parse(text), isFirst: number == 1);
        }
        catch (JsonException exception)
        {
            var field = exception.Path?.TrimStart('$', '.');
            throw new ImportException($"Line {number}, {(string.IsNullOrEmpty(field) ? "object" : field)}: {ProblemOf(exception)}");
        }
        catch (ImportException exception)
        {
            throw new ImportException($"Line {number}: {exception.Message}");
        }
    }

    /// <summary>What .NET says, without its names of our types and without its own line number, which is 0 for all of ours.</summary>
    private static string ProblemOf(JsonException exception)
    {
        if (exception.Message.Contains("could not be converted", StringComparison.Ordinal)) return "the value does not fit.";

        var problem = exception.Message.Split(" Path: ")[0].Split(" LineNumber: ")[0];
        return problem.Replace("Avocet.Cli.Store.", "", StringComparison.Ordinal);
    }

    private void Add(StoreLine line, bool isFirst)
    {
        if (isFirst != line is HeaderLine) throw new ImportException("type", "of the first line, and only of that, is 'store'");

        switch (line)
        {
            case HeaderLine header:
                if (header.Version != StoreExport.Version) throw new ImportException("version", $"is {header.Version}; this version of Avocet reads {StoreExport.Version}");
                break;

            case SessionLine session:
                AddSession(session);
                break;

            case MessageLine message:
                target.AddMessage(message.Number, message.Message.ToRecord());
                break;

            case QueuedLine queued:
                AddQueued(queued);
                break;

            case RetainedLine retained:
                target.SetRetained(retained.Message.ToRecord());
                break;

            case UsersLine users:
                target.SetUsers(users.Key, JsonSerializer.SerializeToUtf8Bytes(users.Record, StoreLineContext.Lines.JsonElement));
                break;
        }
    }

    private void AddSession(SessionLine line)
    {
        if (line.ExpirySeconds == 0) throw new ImportException("expirySeconds", "is 0: such a session ends with its connection and is not kept");
        if (line.SentUpTo < 0) throw new ImportException("sentUpTo", "is negative");

        var number = target.AddSession(new SessionRecord
        {
            ClientId = line.ClientId,
            MountPoint = line.MountPoint ?? "",
            ExpirySeconds = line.ExpirySeconds,
            IsConnected = line.Connected,
            ExpiresAt = StoreTime.FromUtc("expiresAt", line.ExpiresAt),
            WillDueAt = StoreTime.FromUtc("willDueAt", line.WillDueAt),
            SentUpTo = line.SentUpTo,
            Will = line.Will is not { } will ? null : new WillRecord
            {
                DelaySeconds = will.DelaySeconds,
                ExpirySeconds = will.ExpirySeconds,
                Message = will.Message.ToRecord(),
            },
        });
        foreach (var subscription in line.Subscriptions ?? []) AddSubscription(number, subscription);
        foreach (var packetId in line.Received ?? [])
        {
            if (packetId == 0) throw new ImportException("received", "has a Packet Identifier 0");

            target.AddReceived(number, packetId);
        }

        target.SetProgress(number, ProgressOf(line));
    }

    private void AddSubscription(long session, SubscriptionLine line)
    {
        var filter = Encoding.UTF8.GetBytes(line.Filter);
        if (!IsValid(filter)) throw new ImportException("subscriptions.filter", $"'{line.Filter}' is no topic filter");
        if (line.RetainHandling is < 0 or > 2) throw new ImportException("subscriptions.retainHandling", $"is {line.RetainHandling}; allowed are 0, 1 and 2");

        var qos = ImportException.CheckQos("subscriptions.qos", line.Qos);
        var handling = (RetainHandling)(line.RetainHandling ?? 0);
        var options = new SubscriptionOptions(qos, line.NoLocal ?? false, line.RetainAsPublished ?? false, handling);
        target.AddSubscription(session, filter, new SubscriptionRecord(options, line.Id ?? 0, line.OwesRetained ?? false));
    }

    internal static bool IsValid(ReadOnlySpan<byte> filter) => SharedFilter.IsShared(filter) ? SharedFilter.TryParse(filter, out _) : TopicFilter.IsValid(filter);

    private static ProgressRecord ProgressOf(SessionLine line)
    {
        var runs = RunsOf("done", line.Done, ProgressState.Done).Concat(RunsOf("pubrel", line.Pubrel, ProgressState.Pubrel)).OrderBy(run => run.Sequence).ToList();
        var last = line.Head;
        foreach (var run in runs)
        {
            if (run.Sequence < last) throw new ImportException("done and pubrel", $"have runs that overlap, or begin below head, at {run.Sequence}");

            last = run.Sequence + run.Length;
        }

        return line.Head >= 0 ? new ProgressRecord(line.Head, runs) : throw new ImportException("head", "is negative");
    }

    private static IEnumerable<ProgressException> RunsOf(string field, IReadOnlyList<long[]>? runs, ProgressState state)
    {
        foreach (var run in runs ?? [])
        {
            if (run is not [>= 0 and var first, var last] || last < first) throw new ImportException(field, "has an entry that is not a first and a last sequence number");

            yield return new ProgressException(first, state, last - first + 1);
        }
    }

    private void AddQueued(QueuedLine line)
    {
        if (line.Message is null == line.Number is null) throw new ImportException("message", "or number is needed, and only one of them");

        target.AddQueued(line.ClientId, line.Sequence, new QueueRecord
        {
            Qos = ImportException.CheckQos("qos", line.Qos),
            Retain = line.Retain,
            SubscriptionIds = line.SubscriptionIds is null ? null : [.. line.SubscriptionIds],
            GroupFilter = line.Group is null ? null : Encoding.UTF8.GetBytes(line.Group),
            Message = line.Message?.ToRecord(),
            MessageNumber = line.Number ?? 0,
        });
    }
}
