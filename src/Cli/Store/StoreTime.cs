using Avocet.Broker.Storage;

namespace Avocet.Cli.Store;

/// <summary>Times of the store, which are milliseconds since 1970, as a reader of JSON knows them.</summary>
internal static class StoreTime
{
    private static readonly long LastMilliseconds = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <exception cref="StoreException">It lies behind the year 9999.</exception>
    public static DateTime? ToUtc(long? milliseconds)
    {
        if (milliseconds is not { } known) return null;
        if (known < 0 || known > LastMilliseconds) throw new StoreException(StoreFault.Corrupt, $"The time {known} is impossible.");

        return DateTimeOffset.FromUnixTimeMilliseconds(known).UtcDateTime;
    }

    /// <exception cref="ImportException">It names no zone, or lies before 1970.</exception>
    public static long? FromUtc(string field, DateTime? time)
    {
        if (time is not { } known) return null;
        if (known.Kind == DateTimeKind.Unspecified) throw new ImportException(field, "has no time zone; a time ends in Z for UTC");

        var milliseconds = new DateTimeOffset(known.ToUniversalTime()).ToUnixTimeMilliseconds();
        return milliseconds >= 0 ? milliseconds : throw new ImportException(field, "lies before 1970");
    }
}
