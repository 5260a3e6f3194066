namespace Avocet.Cli.Bench;

/// <summary>Publishes to many topics, one after the other.</summary>
/// <param name="run">The run.</param>
/// <param name="number">Which of the publishers this is.</param>
/// <param name="topic">The topics.</param>
/// <param name="retain">Whether messages are retained.</param>
/// <param name="outstanding">How many may be on their way.</param>
/// <param name="numberOf">The topic's letter and number for one of its messages.</param>
/// <param name="payloadBytes">The size of the payloads.</param>
internal sealed class NumberedPublisher(
    BenchRun run,
    int number,
    NumberedTopic topic,
    bool retain,
    Outstanding? outstanding,
    Func<long, (char Letter, long Number)> numberOf,
    int payloadBytes)
    : Publisher(run, number, topic.Write('e', 0), retain, outstanding, payloadBytes)
{
    protected override void WriteTopic(Span<byte> packetFromTopic, long sequence)
    {
        var (letter, value) = numberOf(sequence);
        topic.Patch(packetFromTopic, letter, value);
    }
}
