namespace Avocet.Security;

/// <summary>What changes when a file is written, or a link is turned to another one.</summary>
internal readonly record struct FileStamp(string File, DateTime WrittenAt, long Length)
{
    public static FileStamp Of(string file)
    {
        try
        {
            var target = System.IO.File.ResolveLinkTarget(file, returnFinalTarget: true);
            var info = new FileInfo(target?.FullName ?? file);
            return info.Exists ? new FileStamp(info.FullName, info.LastWriteTimeUtc, info.Length) : new FileStamp(file, default, -1);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new FileStamp(file, default, -1);
        }
    }
}
