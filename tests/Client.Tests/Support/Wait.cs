using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Client.Tests.Support;

/// <summary>Waits for what has to happen, and fails when it does not.</summary>
internal static class Wait
{
    public static TimeSpan Deadline { get; } = TimeSpan.FromSeconds(20);

    /// <summary>Waits for a state of the connection.</summary>
    public static Task<ConnectionChange> ForAsync(this MqttClient client, ConnectionState state) => client.ForAsync(change => change.State == state);

    /// <summary>Waits for a change of the connection.</summary>
    public static async Task<ConnectionChange> ForAsync(this MqttClient client, Predicate<ConnectionChange> isMeant)
    {
        var observer = new Observer(isMeant);
        using (client.Changes.Subscribe(observer)) return await observer.Reached.WaitAsync(Deadline);
    }

    /// <summary>Completes when the client has handled all that was sent to it: what it answers to this comes last.</summary>
    public static async Task SyncAsync(this TestPeer peer)
    {
        await peer.SendAsync(Given.Pubrel(60_000));
        await peer.ExpectAsync(Given.Pubcomp(60_000, ReasonCode.PacketIdentifierNotFound));
    }

    /// <summary>The next messages of a subscription.</summary>
    public static async Task<List<MqttMessage>> TakeAsync(this IAsyncEnumerable<MqttMessage> messages, int count)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        var taken = new List<MqttMessage>();
        try
        {
            await foreach (var message in messages.WithCancellation(deadline.Token))
            {
                taken.Add(message);
                if (taken.Count == count) break;
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{taken.Count} of {count} messages came within {Deadline.TotalSeconds} s: {string.Join(", ", taken.TakeLast(5))}");
        }

        return taken;
    }

    private sealed class Observer(Predicate<ConnectionChange> isMeant) : IObserver<ConnectionChange>
    {
        private readonly TaskCompletionSource<ConnectionChange> _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<ConnectionChange> Reached => _reached.Task;

        public void OnNext(ConnectionChange value)
        {
            if (isMeant(value)) _reached.TrySetResult(value);
        }

        public void OnCompleted() => _reached.TrySetException(new InvalidOperationException("The client was closed before."));

        public void OnError(Exception error) => _reached.TrySetException(error);
    }
}
