using System.IO.Pipelines;

namespace Avocet.Broker;

/// <summary>
/// Where a connection's bytes come from and go to. Whoever reads is called when there is something to read: a transport of its own then keeps nothing for a
/// connection that is idle but a reference to it. A duplex pipe is one too, see <see cref="MqttBroker.RunConnectionAsync"/>.
/// </summary>
public interface ITransport
{
    /// <summary>Where the connection came from.</summary>
    ConnectionOrigin Origin { get; }

    /// <summary>What is sent.</summary>
    PipeWriter Output { get; }

    /// <summary>Takes what was received, or its end, or a cancellation. If there is nothing it is false, and <paramref name="waiter"/> is called once there is, perhaps at once and on another thread.</summary>
    bool TryRead(IReadWaiter waiter, out ReadResult result);

    /// <inheritdoc cref="PipeReader.AdvanceTo(SequencePosition, SequencePosition)"/>
    void AdvanceTo(SequencePosition consumed, SequencePosition examined);

    /// <summary>Lets the present or the next read end with what is there, if only nothing; from any thread.</summary>
    void CancelPendingRead();

    /// <summary>The broker reads and writes no more. It may fail as a pipe does whose peer is gone.</summary>
    ValueTask CompleteAsync();

    /// <summary>The connection is over; called last.</summary>
    /// <param name="isPeerGone">Whether the client said that it goes, so that nobody has to wait for its end.</param>
    void End(bool isPeerGone);
}
