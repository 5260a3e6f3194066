namespace Avocet.Simulation.Model;

/// <summary>When each will is published, or that it never is.</summary>
/// <param name="step">The next step.</param>
/// <param name="now">The simulated time.</param>
/// <param name="commits">Commits of the disk so far.</param>
/// <param name="isDiskWell">Whether the disk takes commits.</param>
internal sealed class Wills(Func<long> step, Func<long> now, Func<int> commits, Func<bool> isDiskWell)
{
    private readonly List<Will> _open = [];
    private readonly Dictionary<int, Will> _byMessage = [];

    public void Add(Will will)
    {
        _open.Add(will);
        _byMessage[will.Message.Number] = will;
    }

    /// <summary>The broker has let the connection go, and says how.</summary>
    public void Ended(Link link)
    {
        if (link.Will is not { Fate: WillFate.Waiting } will) return;

        if (link.Cause == "ServerShutdown")
        {
            // It goes on with the session, after the next start, or ends with it. A DISCONNECT that was on its way changes nothing any more.
            if (link.ExpiryMilliseconds == 0) Decide(will, WillFate.Never);
        }
        else if (link.IsRefused)
        {
            Decide(will, WillFate.Never);
        }
        else if (link.Cause == "ClientDisconnected")
        {
            Decide(will, link.DisconnectsWithWill ? WillFate.Due : WillFate.Never);
        }
        else
        {
            Decide(will, link.Cause is null ? WillFate.Unknown : WillFate.Due);
        }

        if (will.Fate != WillFate.Due) return;

        SetDue(will, Math.Min(link.CutAt, link.EndedAt - Presence.EndSlack), link.EndedAt);
        Advance();
    }

    /// <summary>A later connection of the same client was accepted.</summary>
    public void Superseded(Link former, Link later, bool isPresent, bool isContested)
    {
        if (former.Will is not { } will) return;

        // An answer that outlived the machine tells nothing of what the next one knows.
        if ((isContested || later.HasEnded) && will.Fate is (WillFate.Waiting or WillFate.Due))
        {
            Decide(will, WillFate.Unknown);
        }
        else if (will.Fate == WillFate.Waiting)
        {
            // How the former one ended comes to light later; what matters for its will is known to the broker only.
            if (former.IsAccepted && Delay(will) == 0) return;

            var isStopped = former.IsAccepted && isPresent && former.CutAt + Delay(will) > now();
            Decide(will, isStopped ? WillFate.Never : WillFate.Unknown);
        }
        else if (will.Fate == WillFate.Due)
        {
            if (!isPresent) Publish(will);
            else if (will.DueFrom > now()) Decide(will, WillFate.Never);
            else if (will.DueBy >= later.SentAt) Decide(will, WillFate.Unknown);
        }
    }

    /// <summary>
    /// Another CONNECT of the same client is under way, sent later or delayed by the network: it is not known which comes first, the will or the client.
    /// </summary>
    public static bool IsContested(Will will, IEnumerable<Link> links) => links.Any(link => !link.IsRefused && Meets(will, link));

    /// <summary>Time has passed.</summary>
    public void Advance(Func<int, IEnumerable<Link>>? linksOf = null)
    {
        for (var i = _open.Count - 1; i >= 0; i--)
        {
            var will = _open[i];
            if (will.Fate == WillFate.Due && will.DueBy <= now())
            {
                if (linksOf is not null && IsContested(will, linksOf(will.Link.Client))) Decide(will, WillFate.Unknown);
                else if (linksOf is not null || Delay(will) == 0) Publish(will);
            }

            if (will.Fate is WillFate.Published or WillFate.Never or WillFate.Unknown) _open.RemoveAt(i);
        }
    }

    /// <summary>The machine has crashed and was started again; the wills of connected clients are due from now on.</summary>
    /// <param name="kept">The commits up to this one have survived.</param>
    /// <param name="endedFrom">When the broker can have ended its connections at the earliest.</param>
    /// <param name="lifeOf">The session of a client.</param>
    public void Restarted(int kept, long endedFrom, Func<int, SessionLife?> lifeOf)
    {
        foreach (var will in _byMessage.Values)
        {
            var isFresh = kept < will.DecidedAtCommits + 2;
            var isDurable = will.Link.ExpiryMilliseconds > 0;
            switch (will.Fate)
            {
                case WillFate.Waiting when isDurable && will.Link.IsAccepted && will.Link.IsKept && lifeOf(will.Link.Client) is { IsKept: true }:
                    Decide(will, WillFate.Due);
                    SetDue(will, endedFrom, now() + Presence.TimerSlack);
                    break;

                case WillFate.Waiting or WillFate.Due when !isDurable || !will.Link.IsKept || isFresh:
                case WillFate.Never when isFresh:
                    Decide(will, WillFate.Unknown);
                    break;

                case WillFate.Due:
                    // Its time goes on; what fell due while the machine stood still comes at its start.
                    will.DueBy = Math.Max(will.DueBy, now() + Presence.TimerSlack);
                    break;

                case WillFate.Published when isFresh:
                    // It was published, but nobody had waited for the disk; and before it is published again, its client may come back.
                    will.Message.Outcome = Outcome.Abandoned;
                    Decide(will, WillFate.Unknown);
                    break;
            }
        }

        Advance();
    }

    /// <summary>The broker has stopped in order and was started again; the wills of clients that were connected then are due.</summary>
    public void RestartedInOrder()
    {
        foreach (var will in _byMessage.Values)
        {
            if (will.Fate == WillFate.Due)
            {
                will.DueBy = Math.Max(will.DueBy, now() + Presence.TimerSlack);
            }
            else if (will.Fate == WillFate.Waiting)
            {
                Decide(will, will.Link is { IsAccepted: true, IsKept: true, Cause: "ServerShutdown" } ? WillFate.Due : WillFate.Unknown);
                if (will.Fate == WillFate.Due) SetDue(will, will.Link.EndedAt - Presence.EndSlack, now() + Presence.TimerSlack);
            }
        }

        Advance();
    }

    /// <summary>A commit failed: nobody is told that it did not hold a will.</summary>
    public void DiskFailed()
    {
        foreach (var will in _byMessage.Values)
        {
            if (will.Fate == WillFate.Published && commits() < will.DecidedAtCommits + 2) will.Message.Outcome = Outcome.Abandoned;
        }
    }

    /// <summary>May this will arrive now?</summary>
    public void CheckDelivery(Message message, int receiver, IEnumerable<Link> links)
    {
        var will = _byMessage[message.Number];
        var link = will.Link;
        if (will.Fate == WillFate.Never) throw Violation("it must never be published", receiver, message);

        // Also a CONNECT that was refused in the end, for want of time, has ended the connection that it was to take over.
        var mayBeTakenOver = links.Any(other => Meets(will, other));
        if (will.Fate == WillFate.Waiting && link.CutAt == Message.Never && !link.MayEndByItself && !mayBeTakenOver) throw Violation("its connection has not ended", receiver, message);
        if (will.Fate == WillFate.Waiting && !mayBeTakenOver && link.CutAt != Message.Never && link.CutAt + Delay(will) > now()) throw Violation("its delay has not passed", receiver, message);
        if (will.Fate == WillFate.Due && will.DueFrom > now() && !IsContested(will, links)) throw Violation($"it is due at {will.DueFrom / 1000.0:0.000} s", receiver, message);
    }

    private static bool Meets(Will will, Link link) => link != will.Link && (link.SentStep > will.Link.SentStep || (!link.IsAccepted && link.EndedStep > will.Link.SentStep));

    private static long Delay(Will will) => Math.Min(will.DelayMilliseconds, will.Link.Expiry.Least);

    private static ViolationException Violation(string problem, int receiver, Message message) =>
        new("will", $"c{receiver} got the will {message} of c{message.Publisher}, but {problem}.", [receiver, message.Publisher], message.Number);

    private static void SetDue(Will will, long endedFrom, long endedBy)
    {
        will.DueFrom = endedFrom + Delay(will);
        will.DueBy = endedBy + Math.Min(will.DelayMilliseconds, will.Link.Expiry.Most) + (will.DelayMilliseconds == 0 ? 0 : Presence.TimerSlack);
    }

    private void Decide(Will will, WillFate fate)
    {
        will.Fate = fate;
        will.DecidedAtCommits = commits();
    }

    private void Publish(Will will)
    {
        Decide(will, isDiskWell() ? WillFate.Published : WillFate.Unknown);
        if (will.Fate == WillFate.Unknown) return;

        will.Message.Outcome = Outcome.Acknowledged;
        will.Message.DoneStep = step();
        will.Message.DoneAt = now();
    }
}
