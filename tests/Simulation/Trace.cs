using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Avocet.Simulation;

/// <summary>One thing that happened.</summary>
/// <param name="Step">Its number in the run.</param>
/// <param name="Milliseconds">The simulated time.</param>
/// <param name="Client">The client concerned, or -1.</param>
/// <param name="Message">The message concerned, or 0.</param>
/// <param name="Text">What it was.</param>
internal readonly record struct TraceLine(long Step, long Milliseconds, int Client, int Message, string Text)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Step,7} {Milliseconds / 1000.0,9:0.000} s  {(Client < 0 ? "" : $"c{Client}"),-5} {Text}");
}

/// <summary>All that happened in a run. The same seed gives the same trace, byte for byte.</summary>
internal sealed class Trace
{
    private readonly List<TraceLine> _lines = [];

    public IReadOnlyList<TraceLine> Lines => _lines;

    public void Add(in TraceLine line) => _lines.Add(line);

    public string ToText() => string.Join('\n', _lines);

    public string Hash() => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(ToText())))[..16];

    /// <summary>The last lines that concern one of these clients or the message, and those that concern all.</summary>
    public IEnumerable<TraceLine> Shorten(IReadOnlyCollection<int> clients, int message, int linesMax)
    {
        var isAnything = clients.Count == 0 && message == 0;
        return _lines
            .Where(line => !line.Text.EndsWith(" ms pass", StringComparison.Ordinal))
            .Where(line => isAnything || (line.Client < 0 && line.Message == 0) || (message != 0 && line.Message == message) || (line.Message == 0 && clients.Contains(line.Client)))
            .TakeLast(linesMax);
    }
}
