using Avocet.Broker.Storage;

namespace Avocet.Cli.Store;

/// <summary>Something that is wrong in a store.</summary>
/// <param name="Table">Where.</param>
/// <param name="Key">The key in hexadecimal, or the first and the last of several.</param>
/// <param name="Meaning">What is wrong, and what that means.</param>
/// <param name="Advice">What to do.</param>
/// <param name="IsLeftOver">Whether it is only what the broker had not come to remove yet.</param>
internal sealed record StoreProblem(StoreTable Table, string Key, string Meaning, string Advice, bool IsLeftOver = false)
{
    public override string ToString() => $"{(IsLeftOver ? "left over: " : "")}{Table} {Key}: {Meaning} {Advice}";
}
