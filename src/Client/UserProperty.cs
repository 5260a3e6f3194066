namespace Avocet.Client;

/// <summary>A User Property of MQTT 5.0; the same name may come more than once.</summary>
/// <param name="Name">The name.</param>
/// <param name="Value">The value.</param>
public readonly record struct UserProperty(string Name, string Value);
