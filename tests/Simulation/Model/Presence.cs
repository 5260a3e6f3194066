namespace Avocet.Simulation.Model;

/// <summary>
/// Whether the session of one client identifier exists. Between a CONNECT and its answer, and between an end and the moment the broker learns of it,
/// both may be right; so there are two times: until when it certainly exists, and after which it certainly does not.
/// </summary>
internal sealed class Presence(int client)
{
    /// <summary>Timers tick every 250 ms, and the clock moves in such steps.</summary>
    public const long TimerSlack = 500;

    /// <summary>The broker waits so long for a client that does not read, before it says that the connection has ended.</summary>
    public const long EndSlack = 2500;

    /// <summary>The connections since the last one that was accepted, that one included.</summary>
    private readonly List<Link> _links = [];

    public SessionLife? Life { get; private set; }

    public IReadOnlyList<Link> Links => _links;

    public void Connecting(Link link)
    {
        // From now on the broker may end the former ones at any time.
        foreach (var former in _links) former.CutAt = Math.Min(former.CutAt, link.SentAt);

        _links.Add(link);
    }

    /// <summary>CONNACK let the client in: was Session Present right, and which session is it?</summary>
    public SessionLife Accept(Link link, bool isPresent, long now, long step)
    {
        var (certainUntil, possibleUntil, isMixed) = Fold(link, now);
        if (isPresent && link.IsCleanStart) throw new ViolationException("session", $"c{client} got Session Present 1 after Clean Start 1. [MQTT-3.2.2-2]", [client]);
        if (isPresent && possibleUntil < link.SentAt)
        {
            throw new ViolationException("session", $"c{client} got Session Present 1, but its session ended at {Time(possibleUntil)} at the latest.", [client]);
        }

        if (!isPresent && !link.IsCleanStart && certainUntil > now)
        {
            throw new ViolationException("session", $"c{client} got Session Present 0, but its session lives until {Time(certainUntil)}.", [client]);
        }

        if (!isPresent || Life is null)
        {
            if (Life is not null) Life.HasEnded = true;

            Life = new SessionLife(client, link.SentStep);
        }
        else if (isMixed && certainUntil <= now)
        {
            // A CONNECT whose answer was lost may have made a new session after the old one ended.
            Life.IsDoubtful = true;
            foreach (var span in Life.Subscriptions) span.CertainTo = Math.Min(span.CertainTo, link.SentStep);
        }

        // Only the disk can have told a broker that was started meanwhile, and what it held then had survived the worst.
        if (isPresent && _links.Any(former => former != link && former.IsSafe)) Life.IsKept = true;

        // Also those whose answers were lost may have set it.
        foreach (var (least, most) in _links.Where(other => isPresent || other == link).Select(other => other.Expiry))
        {
            Life.Expiry = (Math.Min(Life.Expiry.Least, least), Math.Max(Life.Expiry.Most, most));
        }

        link.IsAccepted = true;
        link.CertainIfForgotten = isPresent ? certainUntil : -1;

        // A CONNECT that lies somewhere in the network may still arrive, behind this one; or it has, before this answer was read.
        var late = _links.Where(former => !former.IsAccepted && former.EndedStep > link.SentStep).ToList();
        _links.Clear();
        _links.Add(link);
        _links.AddRange(late);
        return Life;
    }

    /// <summary>The machine has crashed and was started again.</summary>
    public void Restarted(long now, long step, int kept, int commits, bool isSafe)
    {
        if (Life is not null)
        {
            Life.Crashes++;
            Life.Restarts++;
            if (_links.Exists(link => !link.IsKept)) Life.ForgetfulCrashes++;
        }

        foreach (var link in _links)
        {
            link.OutlivedCrash = true;
            if (!link.HasEnded) (link.EndedAt, link.EndedStep) = (now, step);
            else if (kept >= link.EndedAtCommits + 2) continue;

            // What the new broker makes of it can be forgotten again.
            link.EndedAtCommits = commits;
            link.IsSafe = isSafe;
            link.RestartedAt = now;
        }
    }

    private (long CertainUntil, long PossibleUntil, bool IsMixed) Fold(Link accepted, long now)
    {
        long certain = -1, possible = -1;
        var isMixed = false;
        foreach (var link in _links)
        {
            if (link == accepted || WasBefore(link, _links[0], now)) continue;
            if (link.IsRefused)
            {
                // It may have ended the session before it was refused, as when the disk was too slow.
                if (link.IsCleanStart) certain = -1;
                continue;
            }

            var (least, most) = link.Expiry;
            var upper = link.HasEnded ? link.EndedAt : now;
            var lower = Math.Min(link.CutAt, upper - EndSlack);
            if (link.RestartedAt is { } restartedAt)
            {
                // The session counts from the restart, and what was changed last may be forgotten.
                upper = restartedAt;
                if (!link.IsKept && Life is not null) (least, most) = (Math.Min(least, Life.Expiry.Least), Math.Max(most, Life.Expiry.Most));
            }

            var certainEnd = least == 0 ? -1 : lower + least;
            if (link.RestartedAt is not null && Life is not { IsKept: true }) certainEnd = -1;
            else if (link is { RestartedAt: not null, IsAccepted: true, IsKept: false }) certainEnd = Math.Min(certainEnd, link.CertainIfForgotten);

            var possibleEnd = most == 0 ? -1 : upper + most + TimerSlack;
            if (link.IsAccepted)
            {
                (certain, possible) = (certainEnd, possibleEnd);
                continue;
            }

            isMixed = true;
            certain = link.IsCleanStart ? -1 : Math.Min(certain, certainEnd);
            possible = Math.Max(possible, possibleEnd);
        }

        return (certain, possible, isMixed);
    }

    /// <summary>Whether a CONNECT, sent before the one that was accepted last, has ended so early that it cannot have come after it.</summary>
    private static bool WasBefore(Link link, Link holder, long now)
    {
        if (link.IsAccepted || !holder.IsAccepted || link.SentStep > holder.SentStep || !link.HasEnded) return false;

        return link.EndedAt < (holder.HasEnded ? holder.EndedAt : now) - EndSlack;
    }

    private static string Time(long milliseconds) => milliseconds < 0 ? "once" : $"{milliseconds / 1000.0:0.000} s";
}
