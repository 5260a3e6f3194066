using System.Diagnostics.CodeAnalysis;

namespace Avocet.Management.Accounts;

/// <summary>Who is logged in. In memory: a restart logs everybody out. Bounded: the session that was idle the longest makes room.</summary>
internal sealed class LoginSessions(TimeProvider timeProvider)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _byHash = [];

    public int Count
    {
        get
        {
            lock (_gate) return _byHash.Count;
        }
    }

    /// <summary>Begins a session; returns its secret, which is in the cookie only.</summary>
    public string Begin(ConsoleUser user)
    {
        var secret = Secrets.Create();
        var now = timeProvider.GetUtcNow();
        lock (_gate)
        {
            RemoveOver(now);
            while (_byHash.Count >= ManagementLimits.SessionsMax) _byHash.Remove(_byHash.MinBy(pair => pair.Value.SeenAt).Key);

            _byHash[Secrets.HashOf(secret)] = new Entry(user.Name, Users.EntityTagOf(user), now, now);
        }

        return secret;
    }

    /// <summary>
    /// Whose session it is, unless it is over, or the user was changed since. Puts off its end.
    /// </summary>
    public bool TryUse(string secret, Func<string, ConsoleUser?> find, [NotNullWhen(true)] out ConsoleUser? user)
    {
        var hash = Secrets.HashOf(secret);
        var now = timeProvider.GetUtcNow();
        lock (_gate)
        {
            user = null;
            if (!_byHash.TryGetValue(hash, out var entry)) return false;

            if (entry.IsOver(now) || find(entry.User) is not { } found || Users.EntityTagOf(found) != entry.EntityTag)
            {
                _byHash.Remove(hash);
                return false;
            }

            _byHash[hash] = entry with { SeenAt = now };
            user = found;
            return true;
        }
    }

    /// <summary>Whether a session goes on. Does not put off its end.</summary>
    public bool IsAlive(string secret, Func<string, ConsoleUser?> find)
    {
        var hash = Secrets.HashOf(secret);
        lock (_gate)
        {
            return _byHash.TryGetValue(hash, out var entry) && !entry.IsOver(timeProvider.GetUtcNow()) && find(entry.User) is { } user && Users.EntityTagOf(user) == entry.EntityTag;
        }
    }

    public void End(string secret)
    {
        lock (_gate) _byHash.Remove(Secrets.HashOf(secret));
    }

    /// <summary>Ends all sessions of a user whose password or role has changed.</summary>
    public void EndAll(string user)
    {
        lock (_gate)
        {
            foreach (var (hash, entry) in _byHash.ToList())
            {
                if (entry.User == user) _byHash.Remove(hash);
            }
        }
    }

    private void RemoveOver(DateTimeOffset now)
    {
        foreach (var (hash, entry) in _byHash.ToList())
        {
            if (entry.IsOver(now)) _byHash.Remove(hash);
        }
    }

    private readonly record struct Entry(string User, string EntityTag, DateTimeOffset BeganAt, DateTimeOffset SeenAt)
    {
        public bool IsOver(DateTimeOffset now) => now - SeenAt >= ManagementLimits.SessionIdleMax || now - BeganAt >= ManagementLimits.SessionTimeMax;
    }
}
