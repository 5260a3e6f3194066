using System.Threading.Channels;
using Avocet.Client.Diagnostics;
using Avocet.Protocol;
using Microsoft.Extensions.Logging;

namespace Avocet.Client.Subscriptions;

/// <summary>Runs the handler of a subscription, several at a time where asked, those of one topic one after the other.</summary>
internal sealed class HandlerLoop(Subscription subscription, Func<MqttMessage, CancellationToken, ValueTask> handler, Telemetry telemetry, ILogger logger)
{
    /// <summary>Messages that wait for one worker; the rest waits in the subscription's buffer.</summary>
    private const int WorkerQueueMax = 16;

    /// <summary>Ends with the subscription.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Whoever made the subscription goes on first.
        await Task.Yield();
        var workers = subscription.Options.Concurrency > 1 ? StartWorkers(subscription.Options.Concurrency, cancellationToken) : [];
        try
        {
            while (await subscription.Buffer.WaitAsync(cancellationToken).ConfigureAwait(false))
            {
                while (!cancellationToken.IsCancellationRequested && subscription.Buffer.TryTake(out var message)) await HandAsync(workers, message!, cancellationToken).ConfigureAwait(false);
                if (cancellationToken.IsCancellationRequested) return;
            }
        }
        catch (Exception exception) when (exception is MqttException or OperationCanceledException)
        {
            // The subscription's Completion tells why it ended.
            Log.HandlerEnded(logger, subscription.Filter);
        }
        finally
        {
            foreach (var worker in workers) worker.Queue.Writer.TryComplete();
            await Task.WhenAll(workers.Select(worker => worker.Running)).ConfigureAwait(false);
        }
    }

    private ValueTask HandAsync(Worker[] workers, MqttMessage message, CancellationToken cancellationToken)
    {
        if (workers.Length == 0) return HandleAsync(message, cancellationToken);

        var worker = workers[(uint)message.Topic.GetHashCode(StringComparison.Ordinal) % (uint)workers.Length];
        return worker.Queue.Writer.WriteAsync(message, cancellationToken);
    }

    private async ValueTask HandleAsync(MqttMessage message, CancellationToken cancellationToken)
    {
        var reason = ReasonCode.Success;
        using (var activity = telemetry.StartHandling(message, subscription.Filter))
        {
            try
            {
                await handler(message, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Not handled: it comes again where it was not acknowledged.
                return;
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                Log.HandlerFailed(logger, exception, subscription.Filter, message.Topic);
                activity?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, exception.Message);
                reason = ReasonCode.ImplementationSpecificError;
            }
        }

        // Also after a failure: else the message would hold back all behind it, and not come again before the next connection.
        if (subscription.Options.Acknowledge == AcknowledgeMode.AfterHandling || reason.IsError()) message.Delivery?.Complete(reason);
    }

    private Worker[] StartWorkers(int count, CancellationToken cancellationToken)
    {
        var workers = new Worker[count];
        for (var i = 0; i < count; i++)
        {
            var queue = Channel.CreateBounded<MqttMessage>(new BoundedChannelOptions(WorkerQueueMax) { SingleReader = true, SingleWriter = true });
            workers[i] = new Worker(queue, WorkAsync(queue.Reader, cancellationToken));
        }

        return workers;
    }

    private async Task WorkAsync(ChannelReader<MqttMessage> queue, CancellationToken cancellationToken)
    {
        while (await queue.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false))
        {
            while (queue.TryRead(out var message))
            {
                if (!cancellationToken.IsCancellationRequested) await HandleAsync(message, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private sealed record Worker(Channel<MqttMessage> Queue, Task Running);
}
