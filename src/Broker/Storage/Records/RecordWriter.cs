using System.Buffers;
using System.Text;

namespace Avocet.Broker.Storage.Records;

/// <summary>
/// Builds the value of a record, field by field: numbers as variable-length integers of 7 bits a byte, the lowest first; bytes and UTF-8 text with
/// their length in front.
/// </summary>
public sealed class RecordWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(256);

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    public RecordWriter Clear()
    {
        _buffer.ResetWrittenCount();
        return this;
    }

    public void WriteByte(byte value)
    {
        _buffer.GetSpan(1)[0] = value;
        _buffer.Advance(1);
    }

    public void WriteNumber(ulong value)
    {
        var span = _buffer.GetSpan(10);
        var length = 0;
        for (; value > 0x7F; value >>= 7) span[length++] = (byte)(value | 0x80);

        span[length++] = (byte)value;
        _buffer.Advance(length);
    }

    public void WriteNumber(long value) => WriteNumber((ulong)value);

    /// <summary>Null as 0, else the number and 1: for times, which are not negative.</summary>
    public void WriteOptional(long? value) => WriteNumber(value is { } known ? (ulong)known + 1 : 0);

    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteNumber((ulong)value.Length);
        _buffer.Write(value);
    }

    /// <summary>Bytes to the end of the record, without a length.</summary>
    public void WriteRest(ReadOnlySpan<byte> value) => _buffer.Write(value);

    public void WriteText(string value)
    {
        var size = Encoding.UTF8.GetByteCount(value);
        WriteNumber((ulong)size);
        Encoding.UTF8.GetBytes(value, _buffer.GetSpan(size));
        _buffer.Advance(size);
    }
}
