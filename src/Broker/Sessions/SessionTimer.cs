using Avocet.Broker.Time;

namespace Avocet.Broker.Sessions;

/// <summary>The next deadline of a session without connection: its will, or its end.</summary>
internal sealed class SessionTimer(SessionRegistry registry, Session session) : WheelTimer
{
    public override void OnExpired() => registry.OnDeadline(session);
}
