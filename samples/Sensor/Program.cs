using System.Text.Json.Serialization;
using Avocet.Client;
using Avocet.Protocol;
using Avocet.Sensor;

// A sensor for a small machine: compiled ahead of time, it needs no .NET there.
//   dotnet publish samples/Sensor -c Release -p:PublishAot=true
//   sensor mqtt://localhost:1883
if (args is not [var server])
{
    await Console.Error.WriteLineAsync("usage: sensor mqtt://HOST:PORT");
    return 2;
}

using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
try
{
    await using var client = await MqttClient.ConnectAsync(
        server,
        options =>
        {
            options.ClientId = "sensor";
            options.Will = new Will("house/sensor/state", "gone") { Retain = true };
        },
        deadline.Token);

    await using var readings = await client.OpenSubscriptionAsync("house/sensor/reading", cancellationToken: deadline.Token);
    await client.PublishAsync("house/sensor/state", "here", Qos.AtLeastOnce, retain: true, deadline.Token);
    await client.PublishAsync("house/sensor/reading", new Reading(22.5, "°C"), ReadingJson.Default.Reading, Qos.ExactlyOnce, cancellationToken: deadline.Token);

    // What the others see of it.
    await foreach (var message in readings.ReadAllAsync(deadline.Token))
    {
        var reading = message.Read(ReadingJson.Default.Reading)!;
        Console.WriteLine($"{message.Topic}: {reading.Value} {reading.Unit}");
        break;
    }

    await using var answering = await client.RespondAsync(
        "house/sensor/ask", (question, _) => ValueTask.FromResult<ReadOnlyMemory<byte>>("fine"u8.ToArray()), cancellationToken: deadline.Token);
    var answer = await client.RequestAsync(new MqttMessage("house/sensor/ask", "how are you?"), TimeSpan.FromSeconds(10), deadline.Token);
    Console.WriteLine(answer.Text);
    return 0;
}
catch (Exception exception) when (exception is MqttException or OperationCanceledException)
{
    await Console.Error.WriteLineAsync($"sensor: {exception.Message}");
    return 1;
}

namespace Avocet.Sensor
{
    /// <summary>What is measured.</summary>
    internal sealed record Reading(double Value, string Unit);

    /// <summary>Its JSON, without reflection.</summary>
    [JsonSerializable(typeof(Reading))]
    internal sealed partial class ReadingJson : JsonSerializerContext;
}
