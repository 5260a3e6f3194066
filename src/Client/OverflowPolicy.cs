namespace Avocet.Client;

/// <summary>
/// What happens to messages beyond the buffer of a subscription. It concerns messages at QoS 0 and those acknowledged on receipt; unacknowledged ones are
/// never dropped, because Receive Maximum bounds them.
/// </summary>
public enum OverflowPolicy
{
    /// <summary>The oldest gives way; counted.</summary>
    DropOldest,

    /// <summary>The new one is dropped; counted.</summary>
    DropNewest,

    /// <summary>
    /// The client reads nothing more until there is room, so that the broker's queue takes over. Whoever handles the messages must not wait for this
    /// client meanwhile: the acknowledgement waited for would not be read.
    /// </summary>
    Wait,
}
