using Avocet.Protocol;
using Avocet.Protocol.Properties;

namespace Avocet.TestKit.Packets;

/// <summary>Compares the packet that came with the one expected, field by field.</summary>
internal static class PacketComparison
{
    /// <summary>The differences, one a line; empty when there are none.</summary>
    public static IReadOnlyList<string> Differences(PacketBuilder expected, PacketView actual, ProtocolVersion version)
    {
        var wanted = PacketView.Of(expected.Encode(version), version);
        if (wanted.Type != actual.Type) return [$"packet type: expected {wanted.Type}, came {actual.Type}"];
        if (actual.Error is not null) return [$"the packet is not valid: {actual.Error}"];

        var differences = new List<string>();
        for (var index = 0; index < Math.Max(wanted.Fields.Count, actual.Fields.Count); index++)
        {
            var field = wanted.Fields.ElementAtOrDefault(index);
            var other = actual.Fields.ElementAtOrDefault(index);
            if (field != other) differences.Add($"{field.Name ?? other.Name}: expected {field.Value}, came {other.Value}");
        }

        var came = actual.Properties.Where(property => wanted.Has(property.Id) || !expected.MayCarryUnnamed(property.Id));
        var wantedProperties = Normalize(wanted.Properties, wanted.Type);
        var actualProperties = Normalize(came, wanted.Type);
        if (!wantedProperties.SequenceEqual(actualProperties))
        {
            differences.Add($"properties: expected {Text(wantedProperties)}, came {Text(actualProperties)}");
        }

        return differences;
    }

    // What the broker itself puts into a PUBLISH may stand anywhere, and so may what it says in other packets; all else stays in the publisher's order.
    private static PacketProperty[] Normalize(IEnumerable<PacketProperty> properties, PacketType type)
    {
        return [.. properties.OrderBy(property => property switch
        {
            { Id: PropertyId.SubscriptionIdentifier } => 1 + (long)property.Integer,
            { Id: PropertyId.MessageExpiryInterval or PropertyId.TopicAlias } => -(long)property.Id,
            _ when type is PacketType.Publish => 0,
            _ => (long)property.Id,
        })];
    }

    private static string Text(PacketProperty[] properties) => $"[{string.Join("; ", properties.Select(property => $"{property.Id} {property.Text}"))}]";
}
