namespace Avocet.Management.Accounts;

/// <summary>The secret of the link with which the first user is made: good once, for half an hour, while there is no user.</summary>
internal sealed class SetupToken(AccountStore accounts, TimeProvider timeProvider)
{
    private readonly DateTimeOffset _endsAt = timeProvider.GetUtcNow() + ManagementLimits.SetupTime;

    public string Text { get; } = Secrets.Create();

    public bool IsNeeded => accounts.Current.Users.Count == 0;

    public bool IsOver => timeProvider.GetUtcNow() >= _endsAt;

    public bool IsRight(string? token) => token is not null && IsNeeded && !IsOver && Secrets.AreSame(token, Text);
}
