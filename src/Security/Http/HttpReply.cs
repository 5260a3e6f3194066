namespace Avocet.Security.Http;

/// <summary>What came of a request.</summary>
internal enum HttpReplyKind
{
    /// <summary>Nothing that can be used; it has been said in the log.</summary>
    Failed,

    /// <summary>Too many wait already.</summary>
    Busy,

    /// <summary>Status 204.</summary>
    Empty,

    /// <summary>Status 200 and a text.</summary>
    Text,
}

/// <param name="Kind">What came.</param>
/// <param name="Text">With <see cref="HttpReplyKind.Text"/>, which may still be nonsense.</param>
internal readonly record struct HttpReply(HttpReplyKind Kind, byte[]? Text = null);
