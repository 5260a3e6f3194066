namespace Avocet.Client.Connections;

/// <summary>The broker has sent DISCONNECT, so nothing is to be sent to it any more.</summary>
internal sealed class ServerDisconnectException(string message) : MqttConnectException(message);
