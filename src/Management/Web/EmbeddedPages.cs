using System.Reflection;

namespace Avocet.Management.Web;

/// <summary>The files of this folder, from inside the program; the console's own are in <see cref="ConsoleFiles"/>.</summary>
internal static class EmbeddedPages
{
    public static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"web/{name}")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
