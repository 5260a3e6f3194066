namespace Avocet.Protocol;

/// <summary>The Quality of Service of a PUBLISH or a subscription.</summary>
public enum Qos : byte
{
    AtMostOnce = 0,
    AtLeastOnce = 1,
    ExactlyOnce = 2,
}
