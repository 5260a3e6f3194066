using System.Text.Json;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.Security.Access;

namespace Avocet.Security.Tokens;

/// <summary>
/// The <c>acl</c> claim of a token: <c>{"pub": [filters], "sub": [filters], "all": [filters]}</c>. With it the client may do what it lists, where the broker's own
/// rules allow that too.
/// </summary>
internal sealed class TokenRules : IAuthorizer
{
    private const int FiltersMax = 1000;

    private readonly List<AclFilter> _publish = [];
    private readonly List<AclFilter> _subscribe = [];

    private TokenRules()
    {
    }

    /// <summary>A token's rules do not change while it is valid.</summary>
    public int? Version => 0;

    public bool ChecksDelivery => true;

    /// <summary>Reads the claim; null where it is not of this form, for a rule that is not understood must not become a permission.</summary>
    public static TokenRules? Parse(JsonElement claim)
    {
        if (claim.ValueKind != JsonValueKind.Object) return null;

        var rules = new TokenRules();
        foreach (var property in claim.EnumerateObject())
        {
            if (property.Name is not ("pub" or "sub" or "all") || property.Value.ValueKind != JsonValueKind.Array) return null;

            foreach (var item in property.Value.EnumerateArray())
            {
                var text = item.ValueKind == JsonValueKind.String ? item.GetString()! : "";
                text = text.Replace("${clientid}", "%c", StringComparison.Ordinal).Replace("${username}", "%u", StringComparison.Ordinal);
                if (AclFilter.Parse(text, isPattern: true, out _) is not { } filter || rules._publish.Count + rules._subscribe.Count >= FiltersMax) return null;

                if (property.Name != "sub") rules._publish.Add(filter);
                if (property.Name != "pub") rules._subscribe.Add(filter);
            }
        }

        return rules;
    }

    public bool MayPublish(ClientIdentity client, ReadOnlySpan<byte> topicName, Qos qos, bool retain) => Matches(_publish, client, topicName);

    public bool MayReceive(ClientIdentity client, ReadOnlySpan<byte> topicName) => Matches(_subscribe, client, topicName);

    public bool MaySubscribe(ClientIdentity client, ReadOnlySpan<byte> topicFilter, Qos qos)
    {
        var subject = Subject.Of(client);
        foreach (var filter in _subscribe)
        {
            if (filter.Overlaps(topicFilter, subject)) return true;
        }

        return false;
    }

    public string? Explain(ClientIdentity client, ReadOnlySpan<byte> topic, AccessWish wish) => $"the acl claim of the client's token, '{(wish.Kind == AccessKind.Publish ? "pub" : "sub")}'";

    private static bool Matches(List<AclFilter> filters, ClientIdentity client, ReadOnlySpan<byte> topicName)
    {
        var subject = Subject.Of(client);
        foreach (var filter in filters)
        {
            if (filter.Matches(topicName, subject)) return true;
        }

        return false;
    }
}
