using System.Text;
using Avocet.Broker.Connections;
using Avocet.Broker.Routing;
using Avocet.Broker.Sessions;
using Avocet.Protocol;
using Avocet.Protocol.Packets;

namespace Avocet.Broker.Handlers;

/// <summary>
/// A PUBLISH to a topic that begins with <c>$CONTROL/</c>, where somebody answers those: it goes to nobody else, and the answer goes to its publisher only, whether
/// it has subscribed or not. It is acknowledged once it is carried out.
/// </summary>
internal static class ControlHandler
{
    public static bool IsControl(ReadOnlySpan<byte> topicName) => topicName.StartsWith("$CONTROL/"u8);

    /// <summary>Lets the read loop wait for the answer, so that commands of a client are carried out in their order.</summary>
    public static void Handle(Connection connection, ControlHook hook, ReadOnlySpan<byte> topicName, in PublishPacket packet)
    {
        var (topic, command, qos, packetId) = (Encoding.UTF8.GetString(topicName), packet.Payload.ToArray(), packet.Qos, packet.PacketId);
        connection.Await(() => AnswerAsync(connection, hook, topic, command, qos, packetId));
    }

    private static async Task AnswerAsync(Connection connection, ControlHook hook, string topicName, byte[] payload, Qos qos, ushort packetId)
    {
        ControlAnswer? answer;
        try
        {
            answer = await hook(connection.Identity!, topicName, payload, connection.GetStepToken());
        }
        catch (OperationCanceledException)
        {
            // The connection is to end.
            return;
        }

        PublishHandler.Acknowledge(connection, qos, packetId, ReasonCode.Success, null);
        if (answer is not null && connection.Session is { } session)
        {
            var publication = new Publication(Encoding.UTF8.GetBytes(answer.TopicName), default, answer.Payload.Span);
            // Whoever may ask may hear the answer, even that it is gone now.
            if (session.SendAtMostOnce(connection, ref publication, false, null, connection.Context.Clock.Now) == DeliveryResult.Sent) connection.Batch.Add(connection.Writer);
        }

        connection.Flush();
        answer?.After?.Invoke();
    }
}
