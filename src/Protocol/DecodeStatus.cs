namespace Avocet.Protocol;

/// <summary>How an attempt to read from a buffer ended.</summary>
public enum DecodeStatus
{
    /// <summary>A value was read.</summary>
    Done,

    /// <summary>The buffer ends before the value does; nothing is wrong.</summary>
    NeedMoreData,

    /// <summary>No continuation can make this valid.</summary>
    Malformed,
}
