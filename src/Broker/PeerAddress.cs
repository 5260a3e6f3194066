using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Avocet.Broker;

/// <summary>
/// An IP address and a port as one value; the default is none. An <see cref="IPEndPoint"/> is two objects, and three once it was written out, which counts where
/// many connections are idle.
/// </summary>
public readonly record struct PeerAddress
{
    private readonly ulong _high;
    private readonly ulong _low;
    private readonly uint _scopeId;
    private readonly ushort _port;
    private readonly byte _length;

    /// <param name="address">4 bytes for IPv4, 16 for IPv6.</param>
    /// <param name="scopeId">The scope of an IPv6 address.</param>
    /// <param name="port">The port.</param>
    public PeerAddress(ReadOnlySpan<byte> address, uint scopeId, ushort port)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.CopyTo(bytes);
        _high = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _low = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _scopeId = scopeId;
        _port = port;
        _length = (byte)address.Length;
    }

    private PeerAddress(ulong high, ulong low, byte length)
    {
        _high = high;
        _low = low;
        _length = length;
    }

    public static PeerAddress Of(IPEndPoint? endPoint)
    {
        if (endPoint is null) return default;

        var isV6 = endPoint.AddressFamily == AddressFamily.InterNetworkV6;
        return new PeerAddress(endPoint.Address.GetAddressBytes(), isV6 ? (uint)endPoint.Address.ScopeId : 0, (ushort)endPoint.Port);
    }

    /// <summary>The address without its port, of IPv6 the network (/64) only: whoever has one address there has them all.</summary>
    public PeerAddress ToNetwork() => new(_high, _length == 16 ? 0 : _low, _length);

    /// <summary>Null for none.</summary>
    public IPEndPoint? ToEndPoint()
    {
        if (_length == 0) return null;

        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, _high);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], _low);
        bytes = bytes[.._length];
        return new IPEndPoint(_length == 16 ? new IPAddress(bytes, _scopeId) : new IPAddress(bytes), _port);
    }

    public override string ToString() => ToEndPoint()?.ToString() ?? "";
}
