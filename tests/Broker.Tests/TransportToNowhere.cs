using System.IO.Pipelines;
using Avocet.TestKit;

namespace Avocet.Broker.Tests;

/// <summary>What is sent over it goes nowhere.</summary>
internal abstract class TransportToNowhere : PipeWriter, ITransport
{
    private static readonly byte[] Nowhere = new byte[1024];

    public ConnectionOrigin Origin { get; } = new() { Listener = TestBroker.OpenListener };

    public PipeWriter Output => this;

    public override Memory<byte> GetMemory(int sizeHint = 0) => Nowhere;

    public override Span<byte> GetSpan(int sizeHint = 0) => Nowhere;

    public override void Advance(int bytes)
    {
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    public abstract bool TryRead(IReadWaiter waiter, out ReadResult result);

    public void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
    }

    public virtual void CancelPendingRead()
    {
    }

    public ValueTask CompleteAsync() => ValueTask.CompletedTask;

    public void End(bool isPeerGone)
    {
    }
}
