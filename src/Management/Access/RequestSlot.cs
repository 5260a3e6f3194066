using Microsoft.AspNetCore.Http;

namespace Avocet.Management.Access;

/// <summary>A request's place among those that are handled at a time, and the end of its time. A stream gives both up, for it has limits of its own.</summary>
internal sealed class RequestSlot(CancellationTokenSource end, Action giveBack)
{
    private static readonly object Key = new();
    private int _isGivenBack;

    public static RequestSlot Of(HttpContext context) => (RequestSlot)context.Items[Key]!;

    public void AddTo(HttpContext context) => context.Items[Key] = this;

    /// <summary>The request goes on for as long as it likes.</summary>
    public void BecomeStream()
    {
        end.CancelAfter(Timeout.InfiniteTimeSpan);
        GiveBack();
    }

    public void GiveBack()
    {
        if (Interlocked.Exchange(ref _isGivenBack, 1) == 0) giveBack();
    }
}
