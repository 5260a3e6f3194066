using System.Buffers.Binary;
using System.Collections.Concurrent;

namespace Avocet.Client.Requests;

/// <summary>Asks questions: subscribes once to a topic for answers, and tells them apart by Correlation Data.</summary>
internal sealed class Requester(MqttClient client) : IDisposable
{
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<MqttMessage>> _open = new();
    private readonly SemaphoreSlim _subscribing = new(1, 1);
    private volatile string? _responseTopic;
    private ulong _lastNumber = BitConverter.ToUInt64(Guid.NewGuid().ToByteArray());

    public async Task<MqttMessage> RequestAsync(MqttMessage request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, client.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var number = Interlocked.Increment(ref _lastNumber);
        var answer = new TaskCompletionSource<MqttMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[number] = answer;
        try
        {
            var responseTopic = _responseTopic ?? await SubscribeAsync(either.Token).ConfigureAwait(false);
            var correlation = new byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64BigEndian(correlation, number);
            await client.PublishAsync(request.WithResponse(responseTopic, correlation), either.Token).ConfigureAwait(false);
            return await answer.Task.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No answer from '{request.Topic}' within {timeout.TotalSeconds:0.#} s.");
        }
        finally
        {
            _open.TryRemove(number, out _);
        }
    }

    public void Dispose() => _subscribing.Dispose();

    private async Task<string> SubscribeAsync(CancellationToken cancellationToken)
    {
        await _subscribing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_responseTopic is { } known) return known;

            var prefix = client.Server?.ResponseInformation is { Length: > 0 } information ? information.TrimEnd('/') : "avocet/responses";
            var topic = $"{prefix}/{client.ClientId}/{Guid.NewGuid():N}";
            await client.SubscribeAsync(topic, TakeAnswerAsync, new SubscribeOptions { Acknowledge = AcknowledgeMode.OnReceive }, cancellationToken).ConfigureAwait(false);
            _responseTopic = topic;
            return topic;
        }
        finally
        {
            _subscribing.Release();
        }
    }

    private ValueTask TakeAnswerAsync(MqttMessage message, CancellationToken cancellationToken)
    {
        // What comes too late, or is no answer, is nobody's.
        if (message.CorrelationData is { Length: sizeof(ulong) } correlation && _open.TryRemove(BinaryPrimitives.ReadUInt64BigEndian(correlation.Span), out var answer)) answer.TrySetResult(message);
        return default;
    }
}
