using System.Text;

namespace Avocet.Security;

/// <summary>Reads and replaces the files of passwords and rules.</summary>
internal static class SecurityFile
{
    /// <summary>Bytes of such a file at most.</summary>
    private const long SizeMax = 256 * 1024 * 1024;

    /// <exception cref="SecurityFileException">It cannot be read; the message says why.</exception>
    public static string ReadText(string path) => Encoding.UTF8.GetString(ReadBytes(path)).TrimStart('\uFEFF');

    /// <exception cref="SecurityFileException">It cannot be read; the message says why.</exception>
    public static byte[] ReadBytes(string path)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > SizeMax }) throw new SecurityFileException($"{path}: larger than {SizeMax} bytes.");

            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new SecurityFileException($"{path}: {Reason(exception)}", exception);
        }
    }

    /// <summary>
    /// Writes a file: first beside it, so that a power cut leaves one of both, then over what is there, so that its owner and permissions stay. A new one
    /// can be read by its owner only.
    /// </summary>
    /// <exception cref="SecurityFileException">It cannot be written; the message says why.</exception>
    public static void Replace(string path, string text)
    {
        try
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            var copy = $"{path}.{Environment.ProcessId}.new";
            Write(copy, bytes);
            Write(path, bytes);
            File.Delete(copy);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new SecurityFileException($"{path}: {Reason(exception)}", exception);
        }
    }

    private static void Write(string path, byte[] bytes)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        using var stream = new FileStream(path, options);
        stream.Write(bytes);
        stream.Flush(flushToDisk: true);
    }

    private static string Reason(Exception exception) => exception switch
    {
        FileNotFoundException or DirectoryNotFoundException => "there is no such file.",
        UnauthorizedAccessException => "no permission; the server's user needs it.",
        _ => exception.Message.ReplaceLineEndings(" ").TrimEnd('.') + ".",
    };
}
