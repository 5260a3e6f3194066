namespace Avocet.Client;

/// <summary>A message was refused, by the broker or because it goes beyond what the broker takes.</summary>
public sealed class MqttPublishException : MqttException
{
    /// <inheritdoc cref="MqttException()"/>
    public MqttPublishException()
    {
    }

    /// <inheritdoc cref="MqttException(string)"/>
    public MqttPublishException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="MqttException(string, Exception)"/>
    public MqttPublishException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
