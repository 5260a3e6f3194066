using System.Diagnostics;
using Avocet.Protocol;
using Avocet.TestKit;
using Avocet.TestKit.Packets;
using Xunit;

namespace Avocet.Server.Tests.Crashes;

/// <summary>
/// A client with a lasting session that notes what it gets. It remembers the identifiers of QoS 2 messages whose PUBREL has not come over connections, so that
/// what it notes is what an application would see.
/// </summary>
internal sealed class DurableSubscriber(string clientId, string filter, Qos qos, bool isV5)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly ClientBuilder _client = isV5 ? Given.Client(clientId).Persistent().ReceiveMaximum(10) : Given.Client(clientId).V311().Clean(false);
    private readonly HashSet<ushort> _unreleased = [];

    public string ClientId => clientId;

    public Qos Qos => qos;

    /// <summary>Payloads in the order in which they came, each with the QoS it came with.</summary>
    public List<(string Payload, Qos Qos)> Received { get; } = [];

    /// <summary>Payloads of earlier rounds. At QoS 1 they may come again: the broker may have been killed before it kept the PUBACK.</summary>
    public HashSet<string> Earlier { get; } = [];

    /// <summary>What was received has been compared.</summary>
    public void Forget()
    {
        Earlier.UnionWith(Received.Select(entry => entry.Payload));
        Received.Clear();
    }

    public bool IsFor(SentMessage message) => filter.EndsWith('#') ? message.Topic.StartsWith(filter[..^1], StringComparison.Ordinal) : message.Topic == filter;

    public async Task SubscribeAsync(int port)
    {
        await using var connection = await RawConnection.OpenAsync(port, _client);
        Assert.True(await connection.TrySendAsync(Given.Subscribe(1).Filter(filter, qos)));
        Assert.Equal(PacketType.Suback, (await connection.TryReadAsync())?.Type);
        Assert.True(await connection.TrySendAsync(Given.Disconnect()));
    }

    /// <summary>Receives until everything has come and nothing more does, or until the connection ends.</summary>
    /// <param name="port">The broker.</param>
    /// <param name="expected">Payloads that have to come.</param>
    /// <param name="received">Told of each message.</param>
    public async Task DrainAsync(int port, IReadOnlySet<string> expected, Action received)
    {
        await using var connection = await RawConnection.TryOpenAsync(port, _client);
        if (connection is null) return;

        Assert.True(connection.Connack.SessionPresent, $"The session of {clientId} is gone.");
        var missing = expected.Except(Received.Select(entry => entry.Payload)).ToHashSet();
        var sincePing = 0;
        var watch = Stopwatch.StartNew();
        if (missing.Count == 0 && !await connection.TrySendAsync(Given.Pingreq())) return;

        while (true)
        {
            PacketView? packet;
            try
            {
                packet = await connection.TryReadAsync();
            }
            catch (TimeoutException)
            {
                Assert.Fail($"{clientId} did not get {missing.Count} messages that were acknowledged, such as {string.Join(", ", missing.Take(5))}.");
                throw;
            }

            if (packet is null) return;
            if (packet.Type == PacketType.Pingresp)
            {
                // Nothing came between two of them, and no exchange is under way.
                if (sincePing == 0 && _unreleased.Count == 0) break;

                Assert.True(watch.Elapsed < Deadline, $"{clientId} waits for the PUBREL of {string.Join(", ", _unreleased)}.");
                sincePing = 0;
                if (!await connection.TrySendAsync(Given.Pingreq())) return;

                continue;
            }

            sincePing++;
            if (packet.Type == PacketType.Publish)
            {
                var wasMissing = missing.Count > 0;
                Note(packet, missing);
                received();
                if (wasMissing && missing.Count == 0 && !await connection.TrySendAsync(Given.Pingreq())) return;
            }

            if (!await connection.TrySendAsync(AnswerTo(packet))) return;
        }

        await connection.TrySendAsync(Given.Disconnect());
    }

    private void Note(PacketView packet, HashSet<string> missing)
    {
        // By its identifier, not by DUP: a broker that was killed soon after it sent the message may not know that it did.
        if (packet.Qos == Qos.ExactlyOnce && !_unreleased.Add(packet.PacketId)) return;

        Received.Add((packet.PayloadText, packet.Qos));
        missing.Remove(packet.PayloadText);
    }

    private AcknowledgementBuilder AnswerTo(PacketView packet)
    {
        switch (packet.Type)
        {
            case PacketType.Publish:
                return packet.Qos == Qos.AtLeastOnce ? Given.Puback(packet.PacketId) : Given.Pubrec(packet.PacketId);

            case PacketType.Pubrel:
                _unreleased.Remove(packet.PacketId);
                return Given.Pubcomp(packet.PacketId);

            default:
                Assert.Fail($"{clientId} got {packet}");
                throw new InvalidOperationException();
        }
    }
}
