namespace Avocet.Protocol;

/// <summary>What is wrong with a packet: told to the peer as a reason code, and to the operator with the byte and the rule.</summary>
/// <param name="Reason">The reason code for DISCONNECT or CONNACK.</param>
/// <param name="Rule">The normative statement, such as <c>MQTT-3.1.2-3</c>, or the section where the standard has no number.</param>
/// <param name="Offset">The byte where it shows, counted from the first byte of the packet.</param>
/// <param name="Field">The field, in the specification's words.</param>
/// <param name="Problem">What is wrong with the field.</param>
public readonly record struct DecodeError(ReasonCode Reason, string Rule, int Offset, string Field, string Problem)
{
    public override string ToString() => $"{Field} {Problem} at byte {Offset}. [{Rule}]";
}
