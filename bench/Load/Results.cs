using System.Globalization;

namespace Avocet.Load;

/// <summary>Gathers figures and writes their medians as a Markdown table.</summary>
internal sealed class Results(IReadOnlyList<BrokerChoice> brokers)
{
    private readonly Dictionary<string, Dictionary<BrokerChoice, List<double>>> _figures = [];

    public void Add(string what, BrokerChoice broker, double? figure)
    {
        Console.Error.WriteLine($"{what} · {broker.Name}: {(figure is { } number ? Format(number) : "too short to tell")}");
        if (figure is null) return;

        if (!_figures.TryGetValue(what, out var columns)) _figures.Add(what, columns = []);
        if (!columns.TryGetValue(broker, out var figures)) columns.Add(broker, figures = []);

        figures.Add(figure.Value);
    }

    public void Write(TextWriter output)
    {
        var mosquitto = brokers.FirstOrDefault(broker => broker.Kind == BrokerKind.Mosquitto);
        var compared = mosquitto is null ? [] : brokers.Where(broker => broker.Kind == BrokerKind.Avocet).ToArray();
        output.WriteLine($"| Median | {string.Join(" | ", brokers.Select(broker => broker.Name).Concat(compared.Select(broker => $"{broker.Name} : Mosquitto")))} |");
        output.WriteLine($"| --- |{string.Concat(Enumerable.Repeat(" ---: |", brokers.Count + compared.Length))}");
        foreach (var (what, columns) in _figures)
        {
            var cells = brokers.Select(broker => MedianOf(columns, broker) is { } median ? Format(median) : "–");
            var ratios = compared.Select(broker => MedianOf(columns, broker) / MedianOf(columns, mosquitto!) is { } ratio
                ? ratio.ToString("0.00", CultureInfo.InvariantCulture)
                : "–");
            output.WriteLine($"| {what} | {string.Join(" | ", cells.Concat(ratios))} |");
        }
    }

    private static string Format(double figure) => figure.ToString(Math.Abs(figure) < 10 ? "0.00" : "N0", CultureInfo.InvariantCulture);

    private static double? MedianOf(Dictionary<BrokerChoice, List<double>> columns, BrokerChoice broker)
    {
        if (!columns.TryGetValue(broker, out var figures)) return null;

        figures.Sort();
        return figures.Count % 2 == 1 ? figures[figures.Count / 2] : (figures[(figures.Count / 2) - 1] + figures[figures.Count / 2]) / 2;
    }
}
