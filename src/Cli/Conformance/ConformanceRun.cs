using System.Diagnostics;
using System.Security.Cryptography;
using Avocet.Protocol;

namespace Avocet.Cli.Conformance;

/// <summary>Runs checks against a broker, several at a time.</summary>
internal sealed class ConformanceRun(ConformanceOptions options, Action<CheckResult> onResult)
{
    /// <summary>Some checks wait for what the broker does by the clock; meanwhile others have their turn.</summary>
    private const int AtATime = 8;

    /// <summary>Of a check that waits again and again, each time within its limit.</summary>
    private const int LimitsOfACheck = 6;

    private readonly string _runId = "a" + RandomNumberGenerator.GetHexString(6, lowercase: true);

    /// <summary>What the broker said of itself, by version.</summary>
    public Dictionary<ProtocolVersion, BrokerFeatures> Features { get; } = [];

    public static IEnumerable<Check> Select(ProtocolVersion version, IReadOnlyList<string> only) => CheckList.All.Where(check =>
        check.RulesOf(version).Length > 0
        && (only.Count == 0 || only.Any(part => check.Name.Contains(part, StringComparison.OrdinalIgnoreCase) || check.RulesOf(version).Contains(part, StringComparer.OrdinalIgnoreCase))));

    /// <exception cref="CommandException">The broker cannot be reached, or takes no client at all.</exception>
    public async Task<IReadOnlyList<CheckResult>> RunAsync(CancellationToken cancellationToken)
    {
        foreach (var version in options.Versions) Features[version] = await ProbeAsync(version, cancellationToken);

        var checks = options.Versions.SelectMany(version => Select(version, options.Only).Select(check => (version, check))).ToList();
        if (checks.Count == 0) throw new CommandException($"No check has '{string.Join("' or '", options.Only)}' in its name or rules; see --list.");

        var results = new CheckResult[checks.Count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, checks.Count, parallel, async (index, token) =>
        {
            var (version, check) = checks[index];
            results[index] = await RunAsync(check, version, $"{_runId}n{index}x", token);
            lock (results) onResult(results[index]);
        });
        return results;
    }

    private async Task<BrokerFeatures> ProbeAsync(ProtocolVersion version, CancellationToken cancellationToken)
    {
        await using var context = new CheckContext(options, version, new BrokerFeatures(), $"{_runId}probe{(int)version}", cancellationToken);
        try
        {
            var peer = await context.ConnectAsync();
            var features = version == ProtocolVersion.V50 ? BrokerFeatures.Read(peer.Connack!) : new BrokerFeatures();
            await peer.DisconnectAsync();
            return features;
        }
        catch (CheckFailedException exception)
        {
            throw new CommandException($"{options.Url} takes no client of {version.Describe()}: {exception.Message}. Give a user and password, or another --mqtt.");
        }
    }

    private async Task<CheckResult> RunAsync(Check check, ProtocolVersion version, string id, CancellationToken cancellationToken)
    {
        var features = Features[version];
        var missing = check.Needs & ~features.Offered;
        if (missing != Feature.None) return new CheckResult(check, version, Outcome.NotOffered, $"the broker says that it has no {missing}", TimeSpan.Zero);

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LimitsOfACheck * options.TimeLimit);
        await using var context = new CheckContext(options, version, features, id, limit.Token);
        var watch = Stopwatch.StartNew();
        try
        {
            await check.Run(context);
            return new CheckResult(check, version, Outcome.Passed, null, watch.Elapsed);
        }
        catch (Exception exception) when (exception is CheckFailedException or CommandException)
        {
            return new CheckResult(check, version, Outcome.Failed, exception.Message.TrimEnd('.'), watch.Elapsed);
        }
        catch (NotOfferedException exception)
        {
            return new CheckResult(check, version, Outcome.NotOffered, exception.Message, watch.Elapsed);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new CheckResult(check, version, Outcome.Failed, $"the check did not end within {LimitsOfACheck * options.TimeLimit.TotalSeconds:0.#} s", watch.Elapsed);
        }
    }
}
