using Avocet.Broker.Storage.Records;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.Cli.Store.Mosquitto;

/// <summary>
/// What a file holds, without topics and payloads of messages, which are read again when they are needed: the file may be larger than memory.
/// </summary>
internal sealed class MosquittoIndex
{
    private const int Format5ClientSize = 16;

    private readonly Dictionary<string, MosquittoClient> _clients = new(StringComparer.Ordinal);
    private readonly Dictionary<ulong, long> _messages = [];

    /// <summary>Clients whose session outlives its connection, in the order of the file.</summary>
    public IEnumerable<MosquittoClient> Clients => _clients.Values;

    /// <summary>Messages that are retained.</summary>
    public List<ulong> Retained { get; } = [];

    public long CleanSessions { get; private set; }

    /// <summary>Deliveries and subscriptions of clients that are not in the file, or whose sessions end with their connections.</summary>
    public long WithoutClient { get; private set; }

    public long UnknownChunks { get; private set; }

    /// <exception cref="ImportException">The file is damaged.</exception>
    public static MosquittoIndex Of(MosquittoFile file)
    {
        var index = new MosquittoIndex();
        while (file.Read() is { } chunk)
        {
            var reader = chunk.GetReader();
            switch (chunk.Type)
            {
                case MosquittoChunkType.Configuration:
                    ReadConfiguration(ref reader, chunk.Offset);
                    break;

                case MosquittoChunkType.Message:
                    index._messages[reader.ReadMachineUInt64()] = chunk.Offset;
                    break;

                case MosquittoChunkType.Client:
                    index.ReadClient(ref reader, file.Format);
                    break;

                case MosquittoChunkType.ClientMessage:
                    index.ReadDelivery(ref reader, chunk.Offset);
                    break;

                case MosquittoChunkType.Subscription:
                    index.ReadSubscription(ref reader, chunk.Offset);
                    break;

                case MosquittoChunkType.Retained:
                    index.Retained.Add(reader.ReadMachineUInt64());
                    break;

                default:
                    index.UnknownChunks++;
                    break;
            }
        }

        return index;
    }

    /// <summary>Reads a message; null when the file does not have it.</summary>
    /// <exception cref="ImportException">The file is damaged.</exception>
    public MessageRecord? Find(MosquittoFile file, ulong messageId)
    {
        if (!_messages.TryGetValue(messageId, out var offset)) return null;

        var reader = file.ReadAt(offset).GetReader();
        reader.ReadMachineUInt64();
        var expiresAt = reader.ReadTime();
        var payloadSize = reader.ReadUInt32();
        reader.ReadUInt16();
        int publisherSize = reader.ReadUInt16(), userNameSize = reader.ReadUInt16(), topicSize = reader.ReadUInt16();
        reader.ReadUInt16();
        int qos = reader.ReadByte(), retain = reader.ReadByte();
        var publisher = reader.ReadText(publisherSize);
        reader.Skip(userNameSize);
        var topicName = reader.ReadBytes(topicSize).ToArray();
        if (payloadSize > int.MaxValue || qos > 2) throw MosquittoFile.Damaged(offset, "a message has an impossible size or QoS");

        return new MessageRecord
        {
            TopicName = topicName,
            Payload = reader.ReadBytes((int)payloadSize).ToArray(),
            Properties = reader.ReadProperties().ToArray(),
            Qos = (Qos)qos,
            Retain = retain != 0,
            ExpiresAt = expiresAt,
            PublisherId = publisher.Length == 0 ? null : publisher,
        };
    }

    private static void ReadConfiguration(ref MosquittoReader reader, long offset)
    {
        reader.ReadMachineUInt64();
        reader.ReadByte();
        var identifierSize = reader.ReadByte();
        if (identifierSize != sizeof(ulong)) throw MosquittoFile.Damaged(offset, $"identifiers take {identifierSize} bytes, and ought to take 8");
    }

    private void ReadClient(ref MosquittoReader reader, uint format)
    {
        var expiresAt = reader.ReadTime();
        var expirySeconds = reader.ReadUInt32();
        var lastPacketId = reader.ReadUInt16();
        int idSize = reader.ReadUInt16();
        if (format > 5) reader.Skip(24 - Format5ClientSize);

        var clientId = reader.ReadText(idSize);
        if (expirySeconds == 0) CleanSessions++;
        else _clients[clientId] = new MosquittoClient(clientId, expirySeconds, expiresAt, lastPacketId);
    }

    private void ReadDelivery(ref MosquittoReader reader, long offset)
    {
        var messageId = reader.ReadMachineUInt64();
        var packetId = reader.ReadUInt16();
        int idSize = reader.ReadUInt16();
        byte qos = reader.ReadByte(), state = reader.ReadByte(), retainAndDup = reader.ReadByte(), direction = reader.ReadByte();
        if (qos > 2) throw MosquittoFile.Damaged(offset, $"a message is to be delivered at QoS {qos}");
        if (!_clients.TryGetValue(reader.ReadText(idSize), out var client))
        {
            WithoutClient++;
            return;
        }

        var delivery = new MosquittoDelivery
        {
            MessageId = messageId,
            PacketId = packetId,
            Qos = (Qos)qos,
            State = (MosquittoState)state,
            Retain = (retainAndDup & 0xF0) != 0,
            SubscriptionIds = SubscriptionIdsOf(reader.ReadProperties()),
        };
        if (direction != 0) client.Outgoing.Add(delivery);
        else if (delivery.State is MosquittoState.WaitForPubrel or MosquittoState.ResendPubcomp) client.Incoming.Add(delivery);
    }

    private static uint[]? SubscriptionIdsOf(ReadOnlySpan<byte> encoded)
    {
        if (encoded.IsEmpty || !StoredProperties.AreValid(encoded)) return null;

        var ids = new List<uint>();
        foreach (var property in new PropertyBlock(encoded))
        {
            if (property.Id == PropertyId.SubscriptionIdentifier) ids.Add(property.Integer);
        }

        return ids.Count == 0 ? null : [.. ids];
    }

    private void ReadSubscription(ref MosquittoReader reader, long offset)
    {
        var id = reader.ReadUInt32();
        int idSize = reader.ReadUInt16(), filterSize = reader.ReadUInt16();
        byte qos = reader.ReadByte(), options = reader.ReadByte();
        reader.Skip(2);
        if (qos > 2 || (options & 0x30) == 0x30) throw MosquittoFile.Damaged(offset, "the options of a subscription are impossible");
        if (!_clients.TryGetValue(reader.ReadText(idSize), out var client))
        {
            WithoutClient++;
            return;
        }

        var filter = reader.ReadBytes(filterSize).ToArray();
        client.Subscriptions.Add((filter, new SubscriptionRecord(SubscriptionOptions.From((byte)((options & 0x3C) | qos)), id)));
    }
}
