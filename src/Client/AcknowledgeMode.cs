namespace Avocet.Client;

/// <summary>When a received QoS 1 or 2 message is acknowledged.</summary>
public enum AcknowledgeMode
{
    /// <summary>Once the handler has ended, or the loop asks for the next message: a message is lost by no crash, but may come again.</summary>
    AfterHandling,

    /// <summary>As soon as it is in the buffer: a crash loses what is in there.</summary>
    OnReceive,

    /// <summary>By <see cref="MqttMessage.Acknowledge"/>.</summary>
    Manual,
}
