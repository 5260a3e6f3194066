using Avocet.Protocol;

namespace Avocet.Client.Requests;

/// <summary>Answers one question.</summary>
internal static class Responder
{
    public static async ValueTask RespondAsync(
        MqttClient client, MqttMessage request, Func<MqttMessage, CancellationToken, ValueTask<ReadOnlyMemory<byte>>> respond, CancellationToken cancellationToken)
    {
        var payload = await respond(request, cancellationToken).ConfigureAwait(false);
        if (request.ResponseTopic is not { } topic) return;

        var answer = new MqttMessage(topic, payload)
        {
            Qos = request.Qos == Qos.AtMostOnce ? Qos.AtMostOnce : Qos.AtLeastOnce,
            CorrelationData = request.CorrelationData,
        };
        await client.PublishAsync(answer, cancellationToken).ConfigureAwait(false);
    }
}
