using System.Buffers.Text;
using System.Text;

namespace Avocet.Management.Api;

/// <summary>A part of a list.</summary>
/// <param name="Items">The items.</param>
/// <param name="Next">What to give as <c>cursor</c> for the items behind; null at the end.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>How lists are asked for: a cursor is where the last part ended, so that what comes or goes meanwhile shifts nothing.</summary>
internal static class Paging
{
    public const int LimitDefault = 100;

    /// <summary>The items after a cursor, of a list in the order of its keys.</summary>
    public static Page<T> Cut<T>(IEnumerable<T> ordered, Func<T, string> keyOf, string? cursor, int? limit)
    {
        var count = CheckLimit(limit);
        var after = Decode(cursor);
        var items = ordered.Where(item => after is null || string.CompareOrdinal(keyOf(item), after) > 0).Take(count + 1).ToList();
        if (items.Count <= count) return new Page<T>(items, null);

        items.RemoveAt(count);
        return new Page<T>(items, Encode(keyOf(items[^1])));
    }

    public static int CheckLimit(int? limit)
    {
        var count = limit ?? LimitDefault;
        if (count is < 1 or > ManagementLimits.ItemsMax) throw new ApiException(Problem.BadRequest($"limit is {count}; allowed is 1 to {ManagementLimits.ItemsMax}."));

        return count;
    }

    public static string Encode(string key) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes("1" + key));

    /// <summary>The key in a cursor; null where there is no cursor.</summary>
    public static string? Decode(string? cursor)
    {
        if (string.IsNullOrEmpty(cursor)) return null;

        // Checked first, for decoding says no by an exception.
        if (cursor.Length > 4096 || !Base64Url.IsValid(cursor)) throw Bad();

        var key = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
        return key.StartsWith('1') ? key[1..] : throw Bad();
    }

    private static ApiException Bad() => new(Problem.BadRequest("cursor is none of ours; leave it out to begin anew."));
}
