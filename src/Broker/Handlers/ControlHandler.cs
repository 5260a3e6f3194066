using System.Text;
using Avocet.Broker.Connections;
using Avocet.Broker.Routing;
using Avocet.Broker.Topics;
using Avocet.Protocol;

namespace Avocet.Broker.Handlers;

/// <summary>
/// A PUBLISH to a topic that begins with <c>$CONTROL/</c>, where somebody answers those: it goes to nobody else, and the answer goes to its publisher only, whether
/// it has subscribed or not.
/// </summary>
internal static class ControlHandler
{
    public static bool IsControl(ReadOnlySpan<byte> topicName) => topicName.StartsWith("$CONTROL/"u8);

    /// <summary>Lets the read loop wait for the answer, so that commands of a client are carried out in their order.</summary>
    public static void Handle(Connection connection, ControlHook hook, ReadOnlySpan<byte> topicName, ReadOnlySpan<byte> payload)
    {
        var (topic, command) = (Encoding.UTF8.GetString(topicName), payload.ToArray());
        connection.Await(() => AnswerAsync(connection, hook, topic, command));
    }

    private static async Task AnswerAsync(Connection connection, ControlHook hook, string topicName, byte[] payload)
    {
        var answer = await hook(connection.Identity!, topicName, payload);
        if (answer is null || connection.Session is not { } session) return;

        var publication = new Publication(Encoding.UTF8.GetBytes(answer.TopicName), default, answer.Payload.Span);
        session.Deliver(ref publication, new Delivery(Qos.AtMostOnce, false, null), null, connection.Context.Clock.Now, connection.Batch);
        connection.Flush();
        answer.After?.Invoke();
    }
}
