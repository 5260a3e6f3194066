using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Avocet.Load;

/// <summary>
/// What an open console takes from the broker, beside 9,000 connections and 20,000 messages a second: what a browser asks for that shows Overview and Topics, each in a
/// tab. Only Avocet has it.
/// </summary>
internal static class ConsoleScenario
{
    private const int Connections = 9000;
    private const int MessagesPerSecond = 20_000;
    private static readonly TimeSpan TreePeriod = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(Measurement measurement)
    {
        if (measurement.Broker.Choice.Kind != BrokerKind.Avocet) return;

        using var client = Open(measurement.Broker);
        // Idle clients are there for all three runs, and some seconds more for their coming.
        var seconds = 15 + (3 * (int.Parse(measurement.Seconds, CultureInfo.InvariantCulture) + int.Parse(measurement.Warmup, CultureInfo.InvariantCulture) + 2));
        var idle = measurement.RunAsync("conn", "--clients", Connections.ToString(CultureInfo.InvariantCulture), "--seconds", seconds.ToString(CultureInfo.InvariantCulture));
        await WaitForClientsAsync(client);

        var before = await MeasureAsync(measurement);
        using var close = new CancellationTokenSource();
        var tabs = Task.WhenAll(
            ReadStreamAsync(client, "api/v1/stream?events=false", close.Token),
            ReadStreamAsync(client, "api/v1/messages/stream?filter=bench/%23&max_per_second=20", close.Token),
            AskForTopicsAsync(client, close.Token));
        var open = await MeasureAsync(measurement);
        await close.CancelAsync();
        await tabs;
        var after = await MeasureAsync(measurement);
        await idle;

        measurement.Add("20,000 msg/s, 9,000 connections: CPU, ms a second", (before + after) / 2);
        measurement.Add("20,000 msg/s, 9,000 connections: CPU with the console open, ms a second", open);
        measurement.Add("20,000 msg/s, 9,000 connections: console open : closed", open / ((before + after) / 2));
    }

    private static async Task<double> MeasureAsync(Measurement measurement)
    {
        var phases = await measurement.RunAsync(
            "pair", "--qos", "0", "--rate", MessagesPerSecond.ToString(CultureInfo.InvariantCulture), "--seconds", measurement.Seconds, "--warmup", measurement.Warmup);
        return 1000 * phases["messages"].BrokerCpuSeconds / phases["messages"].Count("seconds");
    }

    /// <summary>With the key that the broker leaves to programs of its own machine.</summary>
    private static HttpClient Open(BrokerProcess broker)
    {
        using var local = JsonDocument.Parse(broker.ReadLocalAccess());
        var client = new HttpClient { BaseAddress = new Uri(local.RootElement.GetProperty("url").GetString()!), Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", local.RootElement.GetProperty("key").GetString());
        return client;
    }

    private static async Task WaitForClientsAsync(HttpClient client)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            using var overview = JsonDocument.Parse(await client.GetStringAsync("api/v1/overview", deadline.Token));
            if (overview.RootElement.GetProperty("clients_connected").GetInt64() >= Connections) return;

            await Task.Delay(TimeSpan.FromMilliseconds(100), deadline.Token);
        }
    }

    private static async Task ReadStreamAsync(HttpClient client, string path, CancellationToken cancellationToken)
    {
        using var answer = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        answer.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
        try
        {
            while (await reader.ReadLineAsync(cancellationToken) is not null) ;
        }
        catch (OperationCanceledException)
        {
            // The tab is closed.
        }
    }

    private static async Task AskForTopicsAsync(HttpClient client, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TreePeriod);
        try
        {
            do
            {
                await client.GetStringAsync("api/v1/topics?limit=200", cancellationToken);
                await client.GetStringAsync("api/v1/topics?parent=bench&limit=200", cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // The tab is closed.
        }
    }
}
