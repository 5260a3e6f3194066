namespace Avocet.Security.Users;

/// <summary>A role or a group that somebody has, and how much it counts: more comes first.</summary>
internal readonly record struct Membership(string Name, int Priority)
{
    /// <summary>Where no priority is given.</summary>
    public const int NoPriority = -1;
}
