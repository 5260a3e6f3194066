using System.Runtime.CompilerServices;
using Avocet.Client.Receiving;
using Avocet.Client.Subscriptions;
using Avocet.Protocol;

namespace Avocet.Client;

/// <summary>A subscription. It lasts over reconnections, until it is disposed or the client is.</summary>
public sealed class Subscription : IAsyncDisposable
{
    private readonly SubscriptionRegistry _registry;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isReading;
    private Delivery? _underWay;

    internal Subscription(SubscriptionRegistry registry, string filter, SubscribeOptions options)
    {
        _registry = registry;
        Filter = filter;
        Options = options;
        Buffer = new MessageBuffer(options.BufferMessages, options.Overflow);
    }

    /// <summary>The Topic Filter, with <c>$share/name/</c> where it is shared.</summary>
    public string Filter { get; }

    /// <summary>How it was made.</summary>
    public SubscribeOptions Options { get; }

    /// <summary>What the broker granted: <see cref="ReasonCode.Success"/> for QoS 0, <see cref="ReasonCode.GrantedQos1"/> or <see cref="ReasonCode.GrantedQos2"/>.</summary>
    public ReasonCode Reason { get; internal set; }

    /// <summary>The highest QoS with which messages come.</summary>
    public Qos GrantedQos => (Qos)Math.Min((byte)Reason, (byte)Qos.ExactlyOnce);

    /// <summary>Messages that were dropped because the buffer was full.</summary>
    public long Dropped => Buffer.Dropped;

    /// <summary>Completes when the subscription has ended; fails when that was because of a failure.</summary>
    public Task Completion => _ended.Task;

    internal MessageBuffer Buffer { get; }

    /// <summary>The work of its handler; done where there is none.</summary>
    internal Task Handling { get; set; } = Task.CompletedTask;

    /// <summary>Whether the message under way stays unacknowledged until it was handled.</summary>
    internal bool HoldsMessages => Options.Acknowledge != AcknowledgeMode.OnReceive;

    /// <summary>
    /// Reads the messages; one reader at a time. With <see cref="AcknowledgeMode.AfterHandling"/> a message is acknowledged when the next one is asked for.
    /// </summary>
    /// <param name="cancellationToken">Ends the reading, not the subscription.</param>
    public async IAsyncEnumerable<MqttMessage> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _isReading, 1) != 0) throw new InvalidOperationException($"The subscription '{Filter}' is being read already. Give each reader a subscription of its own.");

        // Who comes back for more is done with the last one.
        if (Options.Acknowledge == AcknowledgeMode.AfterHandling) Interlocked.Exchange(ref _underWay, null)?.Complete(ReasonCode.Success);
        try
        {
            using var nudge = cancellationToken.UnsafeRegister(static buffer => ((MessageBuffer)buffer!).Nudge(), Buffer);
            do
            {
                while (!cancellationToken.IsCancellationRequested && Buffer.TryTake(out var message))
                {
                    _underWay = message!.Delivery;
                    yield return message;
                    _underWay = null;
                    if (Options.Acknowledge == AcknowledgeMode.AfterHandling) message.Delivery?.Complete(ReasonCode.Success);
                }

                cancellationToken.ThrowIfCancellationRequested();
            }
            while (await Buffer.WaitAsync(cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            Volatile.Write(ref _isReading, 0);
        }
    }

    /// <summary>Ends the subscription, and tells the broker unless the options say otherwise.</summary>
    public async ValueTask DisposeAsync() => await _registry.EndAsync(this).ConfigureAwait(false);

    /// <summary>Nobody will handle what is left, and the broker was told so: it is acknowledged, for it would hold back what others handle.</summary>
    internal void AcknowledgeRest()
    {
        if (Options.Acknowledge == AcknowledgeMode.AfterHandling) _underWay?.Complete(ReasonCode.Success);
        while (Buffer.TryTake(out var message)) message!.Delivery?.Complete(ReasonCode.Success);
    }

    internal void End(Exception? error)
    {
        Buffer.End(error);
        if (error is null) _ended.TrySetResult();
        else if (_ended.TrySetException(error)) _ = _ended.Task.Exception;
    }
}
