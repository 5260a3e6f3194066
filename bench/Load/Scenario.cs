namespace Avocet.Load;

/// <summary>A load, and the figures that come of it.</summary>
/// <param name="Name">As <c>--only</c> names it.</param>
/// <param name="RunAsync">Runs it once against a fresh broker.</param>
/// <param name="Setup">How the brokers are configured.</param>
/// <param name="IsOnRequest">Whether it runs only when it is named.</param>
internal sealed record Scenario(string Name, Func<Measurement, Task> RunAsync, BrokerSetup Setup = BrokerSetup.Default, bool IsOnRequest = false);

/// <summary>One run of a scenario against one broker.</summary>
internal sealed record Measurement(BrokerProcess Broker, LoadTool Tool, Results Results, bool IsQuick, double SoakMinutes)
{
    private const double Megabyte = 1024 * 1024;

    public string Seconds => IsQuick ? "2" : "5";

    public string Warmup => IsQuick ? "1" : "3";

    public string Scaled(int count) => (IsQuick ? count / 10 : count).ToString(System.Globalization.CultureInfo.InvariantCulture);

    public Task<Dictionary<string, PhaseResult>> RunAsync(params string[] arguments) => Tool.RunAsync(Broker, arguments);

    public void Add(string what, double? figure) => Results.Add(what, Broker.Choice, figure);

    public void AddMemory(string what)
    {
        var use = Broker.Use;
        Add($"{what}: RSS, MB", use.ResidentBytes / Megabyte);
        Add($"{what}: peak RSS, MB", use.PeakResidentBytes / Megabyte);
    }
}
