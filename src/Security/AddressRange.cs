using System.Globalization;
using System.Net;

namespace Avocet.Security;

/// <summary>Addresses with a common prefix, such as <c>10.0.0.0/8</c>. An IPv4 address in IPv6 clothes counts as what it is.</summary>
internal sealed class AddressRange
{
    private readonly IPNetwork _network;

    private AddressRange(IPNetwork network) => _network = network;

    /// <summary>Reads an address, or an address and the length of its prefix; null when it is neither.</summary>
    public static AddressRange? Parse(string text)
    {
        var slash = text.IndexOf('/');
        if (!IPAddress.TryParse(slash < 0 ? text : text[..slash], out var address)) return null;

        address = Plain(address);
        var length = address.GetAddressBytes().Length * 8;
        if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var given) || given > length)) return null;

        return new AddressRange(Prefix(address, slash < 0 ? length : int.Parse(text[(slash + 1)..], CultureInfo.InvariantCulture)));
    }

    /// <summary>Reads several, with commas or blanks between them; the one that is none.</summary>
    public static IReadOnlyList<AddressRange> ParseList(string text, out string? wrong)
    {
        wrong = null;
        var ranges = new List<AddressRange>();
        foreach (var part in text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            if (Parse(part) is { } range) ranges.Add(range);
            else wrong ??= part;
        }

        return ranges;
    }

    /// <summary>The network of an address with such a prefix: those who share it are taken for one.</summary>
    public static IPNetwork Prefix(IPAddress address, int prefixLength)
    {
        var bytes = Plain(address).GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(prefixLength - (i * 8), 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - kept));
        }

        return new IPNetwork(new IPAddress(bytes), Math.Min(prefixLength, bytes.Length * 8));
    }

    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    public bool Contains(IPAddress address) => _network.Contains(Plain(address));

    public override string ToString() => _network.ToString();
}
