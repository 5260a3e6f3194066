using Avocet.Broker.Time;

namespace Avocet.Broker.Sessions;

/// <summary>The next deadline of a session without connection: its will, or its end.</summary>
internal sealed class SessionTimer(Session session) : WheelTimer
{
    public long ExpiresAt { get; set; } = Clock.Never;

    public long WillDueAt { get; set; } = Clock.Never;

    public override void OnExpired() => session.Context.Sessions.OnDeadline(session);
}
