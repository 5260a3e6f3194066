namespace Avocet.Client;

/// <summary>The broker cannot be reached, refuses the client, or the connection broke.</summary>
public class MqttConnectException : MqttException
{
    /// <inheritdoc cref="MqttException()"/>
    public MqttConnectException()
    {
    }

    /// <inheritdoc cref="MqttException(string)"/>
    public MqttConnectException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="MqttException(string, Exception)"/>
    public MqttConnectException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
