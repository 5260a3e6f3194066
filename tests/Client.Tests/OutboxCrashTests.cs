using System.Globalization;
using Avocet.Client.Tests.Support;
using Avocet.Protocol;
using Avocet.Server;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Client.Tests;

/// <summary>A program that is killed in the midst of it, and started again.</summary>
public sealed class OutboxCrashTests
{
    private static string Program => Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "Avocet.OutboxProgram.exe" : "Avocet.OutboxProgram");

    [Fact]
    public async Task Program_killed_offline_and_again_while_sending_loses_nothing_and_sends_qos_2_once_in_order()
    {
        using var folder = new TemporaryFolder();
        await using var server = await TestServer.StartAsync(new ListenerOptions { Name = "mqtt", Port = ListenPort.Auto });
        var broker = $"mqtt://127.0.0.1:{server.PortOf("mqtt")}";
        await using var reader = await MqttClient.ConnectAsync(broker);
        await using var subscription = await reader.OpenSubscriptionAsync("outbox/#", new SubscribeOptions { Qos = Qos.ExactlyOnce, BufferMessages = 100_000 });

        // Port 1 answers nobody.
        var kept = await RunAndKillAsync(async process => await process.WaitForLineAsync("kept 299"), "mqtt://127.0.0.1:1", folder.File("outbox.db"), "0");
        await using var received = subscription.ReadAllAsync().GetAsyncEnumerator();
        var messages = new List<MqttMessage>();
        kept.AddRange(await RunAndKillAsync(_ => ReadAsync(received, messages, message => messages.Count >= 150), broker, folder.File("outbox.db"), "100000"));
        await using (var last = ChildProcess.Start(Program, broker, folder.File("outbox.db"), "200000", "100"))
        {
            Assert.Equal(0, await last.WaitForExitAsync());
            kept.AddRange(KeptBy(last));
            Assert.Contains("outstanding 0", last.Output, StringComparison.Ordinal);
        }

        await using var writer = await MqttClient.ConnectAsync(broker);
        await writer.PublishAsync("outbox/end", "end", Qos.ExactlyOnce);
        await ReadAsync(received, messages, message => message.Topic == "outbox/end");

        Assert.True(kept.Count >= 400, $"Only {kept.Count} messages were kept.");
        var once = NumbersAt("outbox/2");
        Assert.Equal(once.Distinct().Order(), once);
        var atLeastOnce = NumbersAt("outbox/1").Distinct().ToList();
        Assert.Equal(atLeastOnce.Order(), atLeastOnce);
        Assert.Empty(kept.Except(once).Except(atLeastOnce));

        List<int> NumbersAt(string topic) => [.. messages.Where(message => message.Topic == topic).Select(message => int.Parse(message.Text, CultureInfo.InvariantCulture))];
    }

    // What the program says to have kept when it is killed, once the condition holds.
    private static async Task<List<int>> RunAndKillAsync(Func<ChildProcess, Task> until, params string[] arguments)
    {
        await using var process = ChildProcess.Start(Program, arguments);
        await until(process);
        process.Kill();
        await process.WaitForExitAsync();
        return KeptBy(process);
    }

    private static List<int> KeptBy(ChildProcess process)
    {
        return [.. process.Output.Split('\n').Where(line => line.StartsWith("kept ", StringComparison.Ordinal)).Select(line => int.Parse(line.AsSpan(5), CultureInfo.InvariantCulture))];
    }

    private static async Task ReadAsync(IAsyncEnumerator<MqttMessage> received, List<MqttMessage> messages, Predicate<MqttMessage> isLast)
    {
        do
        {
            Assert.True(await received.MoveNextAsync().AsTask().WaitAsync(Wait.Deadline));
            messages.Add(received.Current);
        }
        while (!isLast(received.Current));
    }
}
