using System.Text;

namespace Avocet.Broker.Storage.Records;

/// <summary>Reads what <see cref="RecordWriter"/> wrote.</summary>
/// <param name="table">For messages.</param>
/// <param name="key">For messages.</param>
/// <param name="value">The record.</param>
public ref struct RecordReader(StoreTable table, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
{
    private readonly ReadOnlySpan<byte> _key = key;
    private ReadOnlySpan<byte> _rest = value;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    public byte ReadByte() => Take(1)[0];

    public ulong ReadNumber()
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var part = ReadByte();
            value |= (ulong)(part & 0x7F) << shift;
            if ((part & 0x80) == 0) return value;
        }

        throw Damaged("a number does not end");
    }

    public long ReadInt64() => (long)ReadNumber();

    public long? ReadOptional()
    {
        var value = ReadNumber();
        return value == 0 ? null : (long)(value - 1);
    }

    public ReadOnlySpan<byte> ReadBytes()
    {
        var length = ReadNumber();
        return length <= int.MaxValue ? Take((int)length) : throw Damaged("a length is impossible");
    }

    public string ReadText() => Encoding.UTF8.GetString(ReadBytes());

    /// <summary>Everything that is left.</summary>
    public ReadOnlySpan<byte> ReadRest() => Take(_rest.Length);

    /// <summary>The error for a record that cannot be what was written.</summary>
    public readonly StoreException Damaged(string problem) =>
        new(StoreFault.Corrupt, $"The record {Convert.ToHexString(_key)} of table {table} is damaged: {problem}. Nothing was changed. 'avocet store check' tells more.");

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _rest.Length) throw Damaged("it ends too early");

        var taken = _rest[..length];
        _rest = _rest[length..];
        return taken;
    }
}
