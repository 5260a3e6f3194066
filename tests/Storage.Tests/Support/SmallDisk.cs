using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Avocet.Storage.Tests.Support;

/// <summary>A file system of its own in memory, for disks that are full or cannot be written. Takes root; without, the test is skipped.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private SmallDisk()
    {
    }

    public string Path => _folder.Path;

    public string File(string name) => _folder.File(name);

    public static SmallDisk Mount(int megabytes)
    {
        var disk = new SmallDisk();
        var size = string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m,nr_inodes=200");
        if (Run("mount", "-t", "tmpfs", "-o", size, "avocet-test", disk.Path) == 0) return disk;

        disk._folder.Dispose();
        Assert.Skip("A file system of its own cannot be mounted here; it takes root.");
        return disk;
    }

    public void MakeReadOnly() => Assert.Equal(0, Run("mount", "-o", "remount,ro", Path));

    /// <summary>Leaves no byte free.</summary>
    public void Fill()
    {
        using var file = new FileStream(File("filler"), FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[64 * 1024];
        for (var size = block.Length; size > 0;)
        {
            try
            {
                file.Write(block, 0, size);
            }
            catch (IOException)
            {
                size /= 2;
            }
        }
    }

    /// <summary>Leaves bytes but no room for files, save a few.</summary>
    public List<string> FillWithFiles(int leave)
    {
        var files = new List<string>();
        try
        {
            while (true)
            {
                var file = File($"file{files.Count}");
                System.IO.File.WriteAllBytes(file, []);
                files.Add(file);
            }
        }
        catch (IOException)
        {
            files[^leave..].ForEach(System.IO.File.Delete);
            return files[..^leave];
        }
    }

    /// <summary>Takes as much and no more.</summary>
    public void Reserve(int bytes)
    {
        System.IO.File.Delete(File("filler"));
        System.IO.File.WriteAllBytes(File("filler"), new byte[bytes]);
    }

    public void Free() => System.IO.File.Delete(File("filler"));

    public void Dispose()
    {
        // Lazily: it goes even where something of a failed test still holds a file.
        Run("umount", "--lazy", Path);
        _folder.Dispose();
    }

    private static int Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return -1;
        }
    }
}
