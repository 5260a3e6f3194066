namespace Avocet.Security.Access;

/// <summary>What the rules say to one wish.</summary>
/// <param name="IsAllowed">Yes or no.</param>
/// <param name="Rule">The rule that decided; null when none did.</param>
/// <param name="Why">Why, where no rule did.</param>
internal readonly record struct Decision(bool IsAllowed, AclRule? Rule, string Why = "")
{
    /// <summary>In words.</summary>
    public string Text => Rule is null ? Why : $"{Rule.Origin}: {Rule.Text}";
}
