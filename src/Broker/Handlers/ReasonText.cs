using System.Text;
using Avocet.Protocol.Properties;

namespace Avocet.Broker.Handlers;

/// <summary>Reason Strings.</summary>
internal static class ReasonText
{
    /// <summary>For what the store cannot take now. What exactly is wrong with the disk stands in the log.</summary>
    public const string NotKept = "the server cannot store it now; try again later";

    private const int BytesMax = 512;

    /// <summary>The text as the one property of a packet.</summary>
    public static byte[] ToProperties(string text)
    {
        var properties = new PropertyBuilder();
        properties.Add(PropertyId.ReasonString, Fit(text));
        return properties.Encoded.ToArray();
    }

    /// <summary>The text as UTF-8, cut so that no peer's input makes it long.</summary>
    public static byte[] Fit(string text)
    {
        if (text.Length > BytesMax / 4) text = text[..(BytesMax / 4)];
        return Encoding.UTF8.GetBytes(text);
    }
}
