using Avocet.Protocol;

namespace Avocet.Client;

/// <summary>How a publication ended well; one that did not throws <see cref="MqttPublishException"/>.</summary>
/// <param name="Reason">Success, or <see cref="ReasonCode.NoMatchingSubscribers"/> where the broker tells. At QoS 0 always Success.</param>
public readonly record struct PublishResult(ReasonCode Reason)
{
    /// <summary>The broker's words, where it gave some. 5.0 only.</summary>
    public string? ReasonString => Details?.ReasonString;

    /// <summary>The User Properties of the acknowledgement. 5.0 only.</summary>
    public IReadOnlyList<UserProperty> UserProperties => Details?.UserProperties ?? [];

    internal AcknowledgementDetails? Details { get; init; }
}

/// <summary>What few acknowledgements have.</summary>
internal sealed record AcknowledgementDetails(string? ReasonString, IReadOnlyList<UserProperty> UserProperties);
