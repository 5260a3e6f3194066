using Avocet.Protocol.Properties;

namespace Avocet.Broker.Routing;

/// <summary>Chooses, from the properties of a PUBLISH or a will, those that are passed on unchanged and in order. [MQTT-3.3.2-17]</summary>
internal static class ForwardedProperties
{
    /// <summary>
    /// All but Topic Alias, which concerns this hop only, and Message Expiry Interval and Will Delay Interval, which are values for the broker.
    /// The result lies in the packet where possible, else in <paramref name="scratch"/>.
    /// </summary>
    public static ReadOnlySpan<byte> Select(PropertyBlock properties, ref byte[] scratch)
    {
        if (properties.IsEmpty || !HasHopProperty(properties)) return properties.Encoded;
        if (scratch.Length < properties.Encoded.Length) scratch = new byte[properties.Encoded.Length];

        var length = 0;
        foreach (var property in properties)
        {
            if (IsHopProperty(property.Id)) continue;

            property.Encoded.CopyTo(scratch.AsSpan(length));
            length += property.Encoded.Length;
        }

        return scratch.AsSpan(0, length);
    }

    private static bool HasHopProperty(PropertyBlock properties)
    {
        foreach (var property in properties)
        {
            if (IsHopProperty(property.Id)) return true;
        }

        return false;
    }

    private static bool IsHopProperty(PropertyId id) => id is PropertyId.TopicAlias or PropertyId.MessageExpiryInterval or PropertyId.WillDelayInterval;
}
