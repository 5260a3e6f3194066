namespace Avocet.Storage.Tests.Support;

/// <summary>Damages a file, and mends it at the end.</summary>
internal sealed class Damage(string path) : IDisposable
{
    private readonly byte[] _whole = File.ReadAllBytes(path);

    public int Length => _whole.Length;

    /// <summary>Turns a bit around.</summary>
    public void Flip(int offset, int bit = 3) => Write(bytes => bytes[offset] ^= (byte)(1 << bit));

    /// <summary>Overwrites a part with zeros.</summary>
    public void Zero(int offset, int length) => Write(bytes => bytes.AsSpan(offset, length).Clear());

    /// <summary>Cuts the rest off.</summary>
    public void Cut(int length) => File.WriteAllBytes(path, _whole[..length]);

    public void Append(params ReadOnlySpan<byte> bytes) => File.WriteAllBytes(path, [.. _whole, .. bytes]);

    public void Dispose() => Write(_ => { });

    private void Write(Action<byte[]> change)
    {
        var bytes = _whole.ToArray();
        change(bytes);
        // In place: an open log stays the same file.
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        file.Write(bytes);
        file.SetLength(bytes.Length);
    }
}
