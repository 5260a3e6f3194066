using Xunit.v3;

namespace Avocet.TestKit.Spec;

/// <summary>
/// Names the normative statements which a test shows: 5.0 ids plain, 3.1.1 ids prefixed, as in
/// <c>[Spec("MQTT-3.3.1-5", "3.1.1 MQTT-3.3.1-7")]</c>. The ids become traits, so that one statement's tests can be run alone.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
public sealed class SpecAttribute(params string[] ids) : Attribute, ITraitAttribute
{
    public IReadOnlyList<string> Ids { get; } = ids;

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [.. Ids.Select(id => KeyValuePair.Create("Spec", id))];
}
