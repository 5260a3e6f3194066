using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;
using Avocet.Protocol.Wire;

namespace Avocet.TestKit.Vectors;

/// <summary>What has to hold for whatever bytes a peer sends; for the fuzzer and for tests with random bytes.</summary>
public static class PacketInvariants
{
    private const string Outside = "a decoded field lies outside the packet";
    private const string WrongProperties = "walking the properties does not end where the block ends";
    private const string WrongCount = "the number of filters is not the announced one";
    private const string WrongSize = "the encoder wrote another size than it announced";
    private const string Longer = "the re-encoded packet is longer than the received one";
    private const string Undecodable = "the re-encoded packet does not decode";
    private const string Different = "the re-encoded packet means something else";
    private const string Inexact = "the re-encoded packet has other bytes, though the received one is in canonical form";

    /// <summary>
    /// Reads the packet at the start of <paramref name="input"/> as a broker does, encodes what it got and reads that again. Returns which
    /// invariant is broken, or null. <paramref name="scratch"/> is at least as long as the input. Exceptions pass through.
    /// </summary>
    public static string? FindBroken(ReadOnlySpan<byte> input, ProtocolVersion version, Span<byte> scratch, out bool isAccepted)
    {
        isAccepted = false;
        var status = FixedHeader.TryRead(input, out var header);
        if (status != DecodeStatus.Done) return CheckUnread(input, status, header);
        if (header.Size is < 2 or > Limits.FixedHeaderSizeMax || header.Size > input.Length) return "the fixed header has an impossible size";
        if (header.RemainingLength is < 0 or > Limits.RemainingLengthMax) return "the Remaining Length is out of range";

        // A broker waits for the rest. A decoder which is called nevertheless has to live with it.
        if (input.Length < header.PacketSize)
        {
            return AnyPacket.TryDecode(header, input[header.Size..], version, out var early) ? null : CheckError(early, header);
        }

        var packet = input[..header.PacketSize];
        isAccepted = TryCheckPacket(header, packet, version, scratch, out var broken, out var error);
        return isAccepted ? broken : CheckError(error, header);
    }

    private static string? CheckUnread(ReadOnlySpan<byte> input, DecodeStatus status, in FixedHeader header)
    {
        if (header != default) return "a fixed header was handed out without being read";

        var length = input.Length > 1 ? input[1..Math.Min(input.Length, Limits.FixedHeaderSizeMax)] : default;
        var isEndless = true;
        foreach (var b in length) isEndless &= b >= 0x80;
        if (!isEndless) return "a complete fixed header was not read";

        var expected = length.Length == Limits.VarIntSizeMax ? DecodeStatus.Malformed : DecodeStatus.NeedMoreData;
        return status == expected ? null : "the fixed header has the wrong status";
    }

    private static string? CheckError(in DecodeError error, in FixedHeader header)
    {
        if (!error.Reason.IsError()) return "a refusal has a reason code of success";
        if (string.IsNullOrEmpty(error.Rule) || string.IsNullOrEmpty(error.Field) || string.IsNullOrEmpty(error.Problem)) return "a refusal does not say why";

        return error.Offset < 0 || error.Offset > header.PacketSize ? "a refusal points outside the packet" : null;
    }

    private static bool TryCheckPacket(
        in FixedHeader header, ReadOnlySpan<byte> packet, ProtocolVersion version, Span<byte> scratch, out string? broken, out DecodeError error)
    {
        broken = null;
        var body = packet[header.Size..];
        switch (header.Type)
        {
            case PacketType.Connect:
                if (!ConnectPacket.TryDecode(header, body, out var connect, out error)) return false;

                broken = Check(connect, header, packet, scratch);
                return true;

            case PacketType.Connack:
                if (!ConnackPacket.TryDecode(header, body, version, out var connack, out error)) return false;

                broken = Check(connack, header, packet, version, scratch);
                return true;

            case PacketType.Publish:
                if (!PublishPacket.TryDecode(header, body, version, out var publish, out error)) return false;

                broken = Check(publish, header, packet, version, scratch);
                return true;

            case PacketType.Puback or PacketType.Pubrec or PacketType.Pubrel or PacketType.Pubcomp:
                if (!AcknowledgementPacket.TryDecode(header, body, version, out var acknowledgement, out error)) return false;

                broken = Check(acknowledgement, header, packet, version, scratch);
                return true;

            case PacketType.Subscribe:
                if (!SubscribePacket.TryDecode(header, body, version, out var subscribe, out error)) return false;

                broken = Check(subscribe, header, packet, version, scratch);
                return true;

            case PacketType.Unsubscribe:
                if (!UnsubscribePacket.TryDecode(header, body, version, out var unsubscribe, out error)) return false;

                broken = Check(unsubscribe, header, packet, version, scratch);
                return true;

            case PacketType.Suback or PacketType.Unsuback:
                if (!SubscriptionAcknowledgementPacket.TryDecode(header, body, version, out var granted, out error)) return false;

                broken = Check(granted, header, packet, version, scratch);
                return true;

            case PacketType.Disconnect:
                if (!DisconnectPacket.TryDecode(header, body, version, out var disconnect, out error)) return false;

                broken = Check(disconnect, header, packet, version, scratch);
                return true;

            case PacketType.Auth:
                if (!AuthPacket.TryDecode(header, body, version, out var auth, out error)) return false;

                broken = Check(auth, header, packet, scratch);
                return true;

            default:
                return AnyPacket.TryDecode(header, body, version, out error);
        }
    }

    private static string? Check(in ConnectPacket decoded, in FixedHeader header, ReadOnlySpan<byte> packet, Span<byte> scratch)
    {
        if (!IsInside(decoded.ClientId, packet) || !IsInside(decoded.WillTopic, packet) || !IsInside(decoded.WillPayload, packet)
            || !IsInside(decoded.UserName, packet) || !IsInside(decoded.Password, packet)) return Outside;
        if ((CheckProperties(decoded.Properties, packet) ?? CheckProperties(decoded.WillProperties, packet)) is { } broken) return broken;

        var size = decoded.GetEncodedSize();
        if (size > packet.Length) return Longer;
        if (decoded.Encode(scratch) != size) return WrongSize;

        var encoded = scratch[..size];
        if (!IsWhole(encoded, out var again) || !ConnectPacket.TryDecode(again, encoded[again.Size..], out var copy, out _)) return Undecodable;
        if (MustBeExact(header, decoded.Version) && !encoded.SequenceEqual(packet)) return Inexact;

        return decoded.Version == copy.Version && decoded.CleanStart == copy.CleanStart && decoded.KeepAliveSeconds == copy.KeepAliveSeconds
            && Same(decoded.Properties, copy.Properties) && decoded.ClientId.SequenceEqual(copy.ClientId) && decoded.HasWill == copy.HasWill
            && decoded.WillQos == copy.WillQos && decoded.WillRetain == copy.WillRetain && Same(decoded.WillProperties, copy.WillProperties)
            && decoded.WillTopic.SequenceEqual(copy.WillTopic) && decoded.WillPayload.SequenceEqual(copy.WillPayload)
            && decoded.HasUserName == copy.HasUserName && decoded.UserName.SequenceEqual(copy.UserName)
            && decoded.HasPassword == copy.HasPassword && decoded.Password.SequenceEqual(copy.Password) ? null : Different;
    }

    private static string? Check(in ConnackPacket decoded, in FixedHeader header, ReadOnlySpan<byte> packet, ProtocolVersion version, Span<byte> scratch)
    {
        if (CheckProperties(decoded.Properties, packet) is { } broken) return broken;

        var size = decoded.GetEncodedSize(version);
        if (size > packet.Length) return Longer;
        if (decoded.Encode(scratch, version) != size) return WrongSize;

        var encoded = scratch[..size];
        if (!IsWhole(encoded, out var again) || !ConnackPacket.TryDecode(again, encoded[again.Size..], version, out var copy, out _)) return Undecodable;
        if (MustBeExact(header, version) && !encoded.SequenceEqual(packet)) return Inexact;

        return decoded.SessionPresent == copy.SessionPresent && decoded.Code == copy.Code && Same(decoded.Properties, copy.Properties) ? null : Different;
    }

    private static string? Check(in PublishPacket decoded, in FixedHeader header, ReadOnlySpan<byte> packet, ProtocolVersion version, Span<byte> scratch)
    {
        if (!IsInside(decoded.TopicName, packet) || !IsInside(decoded.Payload, packet)) return Outside;
        if (CheckProperties(decoded.Properties, packet) is { } broken) return broken;

        var size = decoded.GetEncodedSize(version);
        if (size > packet.Length) return Longer;
        if (decoded.Encode(scratch, version) != size) return WrongSize;

        var encoded = scratch[..size];
        if (!IsWhole(encoded, out var again) || !PublishPacket.TryDecode(again, encoded[again.Size..], version, out var copy, out _)) return Undecodable;
        if (MustBeExact(header, version) && !encoded.SequenceEqual(packet)) return Inexact;

        return decoded.Dup == copy.Dup && decoded.Qos == copy.Qos && decoded.Retain == copy.Retain && decoded.PacketId == copy.PacketId
            && decoded.TopicName.SequenceEqual(copy.TopicName) && Same(decoded.Properties, copy.Properties)
            && decoded.Payload.SequenceEqual(copy.Payload) ? null : Different;
    }

    private static string? Check(in AcknowledgementPacket decoded, in FixedHeader header, ReadOnlySpan<byte> packet, ProtocolVersion version, Span<byte> scratch)
    {
        if (CheckProperties(decoded.Properties, packet) is { } broken) return broken;

        var size = decoded.GetEncodedSize(version);
        if (size > packet.Length) return Longer;
        if (decoded.Encode(scratch, version) != size) return WrongSize;

        var encoded = scratch[..size];
        if (!IsWhole(encoded, out var again) || !AcknowledgementPacket.TryDecode(again, encoded[again.Size..], version, out var copy, out _)) return Undecodable;
        if (!IsExactOrLongForm(encoded, packet, header, version, decoded.Properties, 6)) return Inexact;

        return decoded.Type == copy.Type && decoded.PacketId == copy.PacketId && decoded.Reason == copy.Reason
            && Same(decoded.Properties, copy.Properties) ? null : Different;
    }

    private static string? Check(in SubscribePacket decoded, in FixedHeader header, ReadOnlySpan<byte> packet, ProtocolVersion version, Span<byte> scratch)
    {
        if (!IsInside(decoded.Payload, packet)) return Outside;
        if (CheckProperties(decoded.Properties, packet) is { } broken) return broken;

        var count = 0;
        foreach (var request in decoded)
        {
            count++;
            if (!IsInside(request.TopicFilter, packet)) return Outside;
            if (request.Options.MaximumQos > Qos.ExactlyOnce || request.Options.RetainHandling > RetainHandling.DoNotSend) return "an option is out of range";
        }

        if (count != decoded.Count || count == 0) return WrongCount;

        var size = decoded.GetEncodedSize(version);
        if (size > packet.Length) return Longer;
        if (decoded.Encode(scratch, version) != size) return WrongSize;

        var encoded = scratch[..size];
        if (!IsWhole(encoded, out var again) || !SubscribePacket.TryDecode(again, encoded[again.Size..], version, out var copy, out _)) return Undecodable;
        if (MustBeExact(header, version) && !encoded.SequenceEqual(packet)) return Inexact;

        return decoded.PacketId == copy.PacketId && decoded.Count == copy.Count && Same(decoded.Properties, copy.Properties)
            && decoded.Payload.SequenceEqual(copy.Payload) ? null : Different;
    }

    private static string? Check(in UnsubscribePacket decoded, in FixedHeader header, ReadOnlySpan<byte> packet, ProtocolVersion version, Span<byte> scratch)
    {
        if (!IsInside(decoded.Payload, packet)) return Outside;
        if (CheckProperties(decoded.Properties, packet) is { } broken) return broken;

        var count = 0;
        foreach (var filter in decoded)
        {
            count++;
            if (!IsInside(filter, packet)) return Outside;
        }

        if (count != decoded.Count || count == 0) return WrongCount;

        var size = decoded.GetEncodedSize(version);
        if (size > packet.Length) return Longer;
        if (decoded.Encode(scratch, version) != size) return WrongSize;

        var encoded = scratch[..size];
        if (!IsWhole(encoded, out var again) || !UnsubscribePacket.TryDecode(again, encoded[again.Size..], version, out var copy, out _)) return Undecodable;
        if (MustBeExact(header, version) && !encoded.SequenceEqual(packet)) return Inexact;

        return decoded.PacketId == copy.PacketId && decoded.Count == copy.Count && Same(decoded.Properties, copy.Properties)
            && decoded.Payload.SequenceEqual(copy.Payload) ? null : Different;
    }

    private static string? Check(
        in SubscriptionAcknowledgementPacket decoded, in FixedHeader header, ReadOnlySpan<byte> packet, ProtocolVersion version, Span<byte> scratch)
    {
        if (!IsInside(decoded.ReasonCodes, packet)) return Outside;
        if (CheckProperties(decoded.Properties, packet) is { } broken) return broken;

        var size = decoded.GetEncodedSize(version);
        if (size > packet.Length) return Longer;
        if (decoded.Encode(scratch, version) != size) return WrongSize;

        var encoded = scratch[..size];
        if (!IsWhole(encoded, out var again) || !SubscriptionAcknowledgementPacket.TryDecode(again, encoded[again.Size..], version, out var copy, out _))
        {
            return Undecodable;
        }

        if (MustBeExact(header, version) && !encoded.SequenceEqual(packet)) return Inexact;

        return decoded.Type == copy.Type && decoded.PacketId == copy.PacketId && Same(decoded.Properties, copy.Properties)
            && decoded.ReasonCodes.SequenceEqual(copy.ReasonCodes) ? null : Different;
    }

    private static string? Check(in DisconnectPacket decoded, in FixedHeader header, ReadOnlySpan<byte> packet, ProtocolVersion version, Span<byte> scratch)
    {
        if (CheckProperties(decoded.Properties, packet) is { } broken) return broken;

        var size = decoded.GetEncodedSize(version);
        if (size > packet.Length) return Longer;
        if (decoded.Encode(scratch, version) != size) return WrongSize;

        var encoded = scratch[..size];
        if (!IsWhole(encoded, out var again) || !DisconnectPacket.TryDecode(again, encoded[again.Size..], version, out var copy, out _)) return Undecodable;
        if (!IsExactOrLongForm(encoded, packet, header, version, decoded.Properties, 4)) return Inexact;

        return decoded.Reason == copy.Reason && Same(decoded.Properties, copy.Properties) ? null : Different;
    }

    private static string? Check(in AuthPacket decoded, in FixedHeader header, ReadOnlySpan<byte> packet, Span<byte> scratch)
    {
        if (CheckProperties(decoded.Properties, packet) is { } broken) return broken;

        var size = decoded.GetEncodedSize();
        if (size > packet.Length) return Longer;
        if (decoded.Encode(scratch) != size) return WrongSize;

        var encoded = scratch[..size];
        if (!IsWhole(encoded, out var again) || !AuthPacket.TryDecode(again, encoded[again.Size..], ProtocolVersion.V50, out var copy, out _)) return Undecodable;
        if (!IsExactOrLongForm(encoded, packet, header, ProtocolVersion.V50, decoded.Properties, 4)) return Inexact;

        return decoded.Reason == copy.Reason && Same(decoded.Properties, copy.Properties) ? null : Different;
    }

    // 3.1 has bits that are read over, and before 5.0 the Remaining Length may be longer than needed.
    private static bool MustBeExact(in FixedHeader header, ProtocolVersion version)
    {
        return version != ProtocolVersion.V31 && header.PacketSize == PacketSize.Of(header.RemainingLength);
    }

    // Reason code and Property Length may be left out where they say nothing; longer than with both of them no such packet is.
    private static bool IsExactOrLongForm(
        ReadOnlySpan<byte> encoded, ReadOnlySpan<byte> packet, in FixedHeader header, ProtocolVersion version, PropertyBlock properties, int longFormSize)
    {
        if (!MustBeExact(header, version) || encoded.SequenceEqual(packet)) return true;

        return version == ProtocolVersion.V50 && properties.IsEmpty && packet.Length <= longFormSize;
    }

    private static string? CheckProperties(PropertyBlock block, ReadOnlySpan<byte> packet)
    {
        if (!IsInside(block.Encoded, packet)) return Outside;

        var size = 0;
        foreach (var property in block)
        {
            if (!IsInside(property.Bytes, block.Encoded) || !IsInside(property.PairValue, block.Encoded)) return Outside;
            if (PropertyTable.TypeOf(property.Id) == PropertyType.Unknown || !block.Contains(property.Id)) return WrongProperties;

            size += property.Encoded.Length;
        }

        return size == block.Encoded.Length ? null : WrongProperties;
    }

    private static bool Same(PropertyBlock left, PropertyBlock right) => left.Encoded.SequenceEqual(right.Encoded);

    private static bool IsWhole(ReadOnlySpan<byte> encoded, out FixedHeader header)
    {
        return FixedHeader.TryRead(encoded, out header) == DecodeStatus.Done && header.PacketSize == encoded.Length;
    }

    private static bool IsInside(ReadOnlySpan<byte> field, ReadOnlySpan<byte> whole)
    {
        return field.IsEmpty || (whole.Overlaps(field, out var offset) && offset >= 0 && offset + field.Length <= whole.Length);
    }
}
