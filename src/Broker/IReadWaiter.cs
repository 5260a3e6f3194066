namespace Avocet.Broker;

/// <summary>Whoever waits for something to read.</summary>
public interface IReadWaiter
{
    /// <summary>There is something to read. Called once for each read that had to wait.</summary>
    void OnReadable();
}
