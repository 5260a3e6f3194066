namespace Avocet.Client;

/// <summary>A subscription was refused.</summary>
public sealed class MqttSubscribeException : MqttException
{
    /// <inheritdoc cref="MqttException()"/>
    public MqttSubscribeException()
    {
    }

    /// <inheritdoc cref="MqttException(string)"/>
    public MqttSubscribeException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="MqttException(string, Exception)"/>
    public MqttSubscribeException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
