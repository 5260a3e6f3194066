using Avocet.Protocol;

namespace Avocet.Client;

/// <summary>Something of MQTT went wrong. The message says what, where, and what to do.</summary>
public class MqttException : Exception
{
    /// <summary>An exception without words.</summary>
    public MqttException()
    {
    }

    /// <summary>An exception.</summary>
    /// <param name="message">What, where, what to do.</param>
    public MqttException(string message)
        : base(message)
    {
    }

    /// <summary>An exception.</summary>
    /// <param name="message">What, where, what to do.</param>
    /// <param name="innerException">What caused it.</param>
    public MqttException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The reason code, where one was given.</summary>
    public ReasonCode? Reason { get; init; }

    /// <summary>The broker's words, where it gave some. 5.0 only.</summary>
    public string? ReasonString { get; init; }

    /// <summary>The User Properties of the broker's answer. 5.0 only.</summary>
    public IReadOnlyList<UserProperty> UserProperties { get; init; } = [];
}
