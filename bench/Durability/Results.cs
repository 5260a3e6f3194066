using System.Globalization;

namespace Avocet.Durability;

/// <summary>Gathers figures and writes their medians as a Markdown table.</summary>
internal sealed class Results
{
    private readonly Dictionary<string, Dictionary<BrokerKind, List<double>>> _figures = [];

    public void Add(string what, BrokerKind kind, double figure)
    {
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} · {kind}: {figure:N0}"));
        if (!_figures.TryGetValue(what, out var kinds)) _figures.Add(what, kinds = []);
        if (!kinds.TryGetValue(kind, out var figures)) kinds.Add(kind, figures = []);

        figures.Add(figure);
    }

    public void Write(TextWriter output)
    {
        output.WriteLine("| Median | Avocet, fsync | Avocet, os | Mosquitto | fsync : Mosquitto |");
        output.WriteLine("| --- | ---: | ---: | ---: | ---: |");
        foreach (var (what, kinds) in _figures)
        {
            double? fsync = MedianOf(kinds, BrokerKind.AvocetFsync), os = MedianOf(kinds, BrokerKind.AvocetOs), mosquitto = MedianOf(kinds, BrokerKind.Mosquitto);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {fsync:N0} | {os:N0} | {mosquitto:N0} | {fsync / mosquitto:0.00} |"));
        }
    }

    private static double? MedianOf(Dictionary<BrokerKind, List<double>> kinds, BrokerKind kind)
    {
        if (!kinds.TryGetValue(kind, out var figures)) return null;

        figures.Sort();
        return figures.Count % 2 == 1 ? figures[figures.Count / 2] : (figures[(figures.Count / 2) - 1] + figures[figures.Count / 2]) / 2;
    }
}
