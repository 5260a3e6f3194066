namespace Avocet.Broker.Sessions;

/// <summary>Messages a session did not get, by cause.</summary>
internal sealed class SessionDrops
{
    public long QueueFull;
    public long SlowConsumer;
    public long Expired;
    public long TooLarge;
}
