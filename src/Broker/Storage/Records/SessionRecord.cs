namespace Avocet.Broker.Storage.Records;

/// <summary>A session: the value of <see cref="StoreTable.Sessions"/>. Times are milliseconds since 1970 UTC.</summary>
public sealed record SessionRecord
{
    private const int ConnectedFlag = 0x01;
    private const int WillFlag = 0x02;

    public required string ClientId { get; init; }

    /// <summary>The mount point of the listener that it belongs to, or empty.</summary>
    public required string MountPoint { get; init; }

    /// <summary>Session Expiry Interval in seconds, more than 0; 0xFFFFFFFF for ever.</summary>
    public uint ExpirySeconds { get; init; }

    /// <summary>Whether a client was connected; its session then expires from the next start of the broker on.</summary>
    public bool IsConnected { get; init; }

    /// <summary>When it ends, while no client is connected; null for never.</summary>
    public long? ExpiresAt { get; init; }

    /// <summary>When its will is to be published, while no client is connected; null when there is none.</summary>
    public long? WillDueAt { get; init; }

    /// <summary>Deliveries below this sequence number may have been sent; those from it on were not. Meant while no client is connected.</summary>
    public long SentUpTo { get; init; }

    public WillRecord? Will { get; init; }

    public void Write(RecordWriter writer)
    {
        writer.WriteByte((byte)((IsConnected ? ConnectedFlag : 0) | (Will is null ? 0 : WillFlag)));
        writer.WriteText(ClientId);
        writer.WriteText(MountPoint);
        writer.WriteNumber((ulong)ExpirySeconds);
        writer.WriteOptional(ExpiresAt);
        writer.WriteOptional(WillDueAt);
        writer.WriteNumber(SentUpTo);
        Will?.Write(writer);
    }

    /// <summary>Reads a record to its end.</summary>
    /// <exception cref="StoreException">It is damaged.</exception>
    public static SessionRecord Read(ref RecordReader reader)
    {
        var flags = reader.ReadByte();
        if (flags > 0x03) throw reader.Damaged("its flags are impossible");

        return new SessionRecord
        {
            IsConnected = (flags & ConnectedFlag) != 0,
            ClientId = reader.ReadText(),
            MountPoint = reader.ReadText(),
            ExpirySeconds = (uint)reader.ReadNumber(),
            ExpiresAt = reader.ReadOptional(),
            WillDueAt = reader.ReadOptional(),
            SentUpTo = reader.ReadInt64(),
            Will = (flags & WillFlag) == 0 ? null : WillRecord.Read(ref reader),
        };
    }
}

/// <summary>The will of a session, at the end of its record.</summary>
public sealed record WillRecord
{
    /// <summary>Will Delay Interval in seconds.</summary>
    public uint DelaySeconds { get; init; }

    /// <summary>Message Expiry Interval in seconds from publication on; null for never.</summary>
    public uint? ExpirySeconds { get; init; }

    /// <summary>The message; its times are not set.</summary>
    public required MessageRecord Message { get; init; }

    internal void Write(RecordWriter writer)
    {
        writer.WriteNumber((ulong)DelaySeconds);
        writer.WriteOptional(ExpirySeconds);
        Message.Write(writer);
    }

    internal static WillRecord Read(ref RecordReader reader) => new()
    {
        DelaySeconds = (uint)reader.ReadNumber(),
        ExpirySeconds = (uint?)reader.ReadOptional(),
        Message = MessageRecord.Read(ref reader),
    };
}
