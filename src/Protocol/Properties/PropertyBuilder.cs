using System.Buffers;
using System.Text;
using Avocet.Protocol.Wire;

namespace Avocet.Protocol.Properties;

/// <summary>
/// Encodes properties in the order in which they are added. Used off the message path: CONNACK, DISCONNECT, clients, tests. The caller
/// keeps to what the packet may carry.
/// </summary>
public sealed class PropertyBuilder
{
    private readonly ArrayBufferWriter<byte> _buffer = new();

    /// <summary>The block built so far; valid until the next change.</summary>
    public ReadOnlySpan<byte> Encoded => _buffer.WrittenSpan;

    /// <summary>Adds an integer property of whichever width its identifier has.</summary>
    /// <exception cref="ArgumentException">The property has no integer value.</exception>
    /// <exception cref="OverflowException">The value does not fit the property.</exception>
    public PropertyBuilder Add(PropertyId id, uint value)
    {
        var span = _buffer.GetSpan(1 + 4);
        var writer = new WireWriter(span);
        writer.WriteByte((byte)id);
        switch (PropertyTable.TypeOf(id))
        {
            case PropertyType.Byte:
                writer.WriteByte(checked((byte)value));
                break;

            case PropertyType.UInt16:
                writer.WriteUInt16(checked((ushort)value));
                break;

            case PropertyType.UInt32:
                writer.WriteUInt32(value);
                break;

            case PropertyType.VarInt:
                if (value > Limits.RemainingLengthMax) throw new OverflowException($"{id} is {value}; at most {Limits.RemainingLengthMax} fits.");

                writer.WriteVarInt(value);
                break;

            default:
                throw new ArgumentException($"{id} has no integer value.", nameof(id));
        }

        _buffer.Advance(writer.Position);
        return this;
    }

    /// <summary>Adds a string or binary property.</summary>
    /// <exception cref="ArgumentException">The property has neither a string nor a binary value, or the value exceeds 65,535 bytes.</exception>
    public PropertyBuilder Add(PropertyId id, ReadOnlySpan<byte> value)
    {
        if (PropertyTable.TypeOf(id) is not (PropertyType.Utf8String or PropertyType.BinaryData))
        {
            throw new ArgumentException($"{id} has neither a string nor a binary value.", nameof(id));
        }

        ThrowIfTooLong(value);
        var writer = new WireWriter(_buffer.GetSpan(3 + value.Length));
        writer.WriteByte((byte)id);
        writer.WriteBinary(value);
        _buffer.Advance(writer.Position);
        return this;
    }

    /// <inheritdoc cref="Add(PropertyId, ReadOnlySpan{byte})"/>
    public PropertyBuilder Add(PropertyId id, string value) => Add(id, Encoding.UTF8.GetBytes(value));

    /// <summary>Adds a User Property; the same name may be added again.</summary>
    public PropertyBuilder AddUserProperty(string name, string value) => AddUserProperty(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));

    /// <inheritdoc cref="AddUserProperty(string, string)"/>
    public PropertyBuilder AddUserProperty(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        ThrowIfTooLong(name);
        ThrowIfTooLong(value);
        var writer = new WireWriter(_buffer.GetSpan(5 + name.Length + value.Length));
        writer.WriteByte((byte)PropertyId.UserProperty);
        writer.WriteBinary(name);
        writer.WriteBinary(value);
        _buffer.Advance(writer.Position);
        return this;
    }

    public byte[] ToArray() => _buffer.WrittenSpan.ToArray();

    public void Clear() => _buffer.ResetWrittenCount();

    private static void ThrowIfTooLong(ReadOnlySpan<byte> value)
    {
        if (value.Length > Limits.StringSizeMax) throw new ArgumentException($"The value has {value.Length} bytes; at most {Limits.StringSizeMax} fit.", nameof(value));
    }
}
