using Xunit;

namespace Avocet.Client.Tests.Support;

/// <summary>Waits for what has to happen, and fails when it does not.</summary>
internal static class Wait
{
    public static TimeSpan Deadline { get; } = TimeSpan.FromSeconds(20);

    /// <summary>Waits for a state of the connection.</summary>
    public static async Task<ConnectionChange> ForAsync(this MqttClient client, ConnectionState state, int times = 1)
    {
        var observer = new Observer(state, times);
        using (client.Changes.Subscribe(observer)) return await observer.Reached.WaitAsync(Deadline);
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

    private sealed class Observer(ConnectionState state, int times) : IObserver<ConnectionChange>
    {
        private readonly TaskCompletionSource<ConnectionChange> _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left = times;

        public Task<ConnectionChange> Reached => _reached.Task;

        public void OnNext(ConnectionChange value)
        {
            if (value.State == state && --_left == 0) _reached.TrySetResult(value);
        }

        public void OnCompleted() => _reached.TrySetException(new InvalidOperationException($"The client was closed before it was {state}."));

        public void OnError(Exception error) => _reached.TrySetException(error);
    }
}
