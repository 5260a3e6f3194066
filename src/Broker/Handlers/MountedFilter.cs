namespace Avocet.Broker.Handlers;

/// <summary>Filters of listeners with a mount point.</summary>
internal static class MountedFilter
{
    /// <summary><c>$share/{ShareName}/</c> in front of a filter that may have been mounted.</summary>
    public static byte[] Join(ReadOnlySpan<byte> sharePrefix, ReadOnlySpan<byte> filter)
    {
        var joined = new byte[sharePrefix.Length + filter.Length];
        sharePrefix.CopyTo(joined);
        filter.CopyTo(joined.AsSpan(sharePrefix.Length));
        return joined;
    }
}
