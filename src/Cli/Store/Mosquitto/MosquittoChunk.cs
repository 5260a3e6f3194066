namespace Avocet.Cli.Store.Mosquitto;

/// <summary>What a chunk holds.</summary>
internal enum MosquittoChunkType : uint
{
    Configuration = 1,
    Message = 2,
    ClientMessage = 3,
    Retained = 4,
    Subscription = 5,
    Client = 6,
}

/// <summary>A chunk; <paramref name="Offset"/> tells where in the file it begins.</summary>
internal sealed record MosquittoChunk(MosquittoChunkType Type, long Offset, byte[] Body)
{
    public MosquittoReader GetReader() => new(Body, Offset);
}
