using System.Globalization;
using System.Net;
using MQTTnet.Server;

if (args is not [var portText] || !int.TryParse(portText, CultureInfo.InvariantCulture, out var port))
{
    Console.Error.WriteLine("usage: Avocet.MqttNetServer PORT; bench/Load/compare.sh starts it");
    return 1;
}

var options = new MqttServerOptionsBuilder()
    .WithDefaultEndpoint()
    .WithDefaultEndpointPort(port)
    .WithDefaultEndpointBoundIPAddress(IPAddress.Loopback)
    .WithDefaultEndpointBoundIPV6Address(IPAddress.None)
    .WithPersistentSessions()
    .WithMaxPendingMessagesPerClient(1_000_000)
    .Build();
using var server = new MqttServerFactory().CreateMqttServer(options);
await server.StartAsync();
await Task.Delay(Timeout.Infinite);
return 0;
