namespace Avocet.Management.Accounts;

/// <summary>Files that only the broker's user may read.</summary>
internal static class PrivateFile
{
    public static FileStreamOptions OptionsFor(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    /// <summary>Writes a file whole beside the old one, and puts it in its place once it is on the medium.</summary>
    /// <exception cref="ManagementException">It cannot be written; the message says why.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        try
        {
            var copy = $"{path}.new";
            using (var stream = new FileStream(copy, OptionsFor(FileMode.Create)))
            {
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }

            File.Move(copy, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ManagementException($"{path} cannot be written: {exception.Message.TrimEnd('.')}. Nothing was changed.", exception);
        }
    }
}
