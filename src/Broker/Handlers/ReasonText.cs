using System.Text;

namespace Avocet.Broker.Handlers;

/// <summary>Reason Strings.</summary>
internal static class ReasonText
{
    private const int BytesMax = 512;

    /// <summary>The text as UTF-8, cut so that no peer's input makes it long.</summary>
    public static byte[] Fit(string text)
    {
        if (text.Length > BytesMax / 4) text = text[..(BytesMax / 4)];
        return Encoding.UTF8.GetBytes(text);
    }
}
