namespace Avocet.Broker.Storage;

/// <summary>A part of the store with keys of its own. The numbers are part of the format on disk.</summary>
public enum StoreTable : byte
{
    /// <summary>Format version and number reservations.</summary>
    Meta = 0,

    /// <summary>Session number to client identifier, expiry and will.</summary>
    Sessions = 1,

    /// <summary>Session number and topic filter to the options of a subscription.</summary>
    Subscriptions = 2,

    /// <summary>Session number and Packet Identifier of a QoS 2 PUBLISH whose PUBREL has not come.</summary>
    Received = 3,

    /// <summary>Session number to how far the deliveries of its queue have come.</summary>
    Progress = 4,

    /// <summary>Session number and sequence number to a message, or to the number of a shared one.</summary>
    Queue = 5,

    /// <summary>Message number to a message that several sessions share.</summary>
    Messages = 6,

    /// <summary>Topic Name to its retained message.</summary>
    Retained = 7,

    /// <summary>Users, groups and roles: a letter for the kind and the name, to a JSON object. The broker itself does not read them.</summary>
    Users = 8,
}
