using Avocet.Broker.Time;

namespace Avocet.Broker.Connections;

/// <summary>A connection's deadline: for CONNECT first, then for the keep alive.</summary>
internal sealed class ConnectionTimer(Connection connection) : WheelTimer
{
    public override void OnExpired() => connection.OnDeadline();
}
