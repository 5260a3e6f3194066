using Avocet.Protocol.Packets;
using Avocet.TestKit.Vectors;
using Xunit;

namespace Avocet.Protocol.Tests;

public class ReasonCodeTests
{
    // What each packet takes, through its decoder: all 256 codes against the table of the specification.
    [Theory]
    [InlineData(PacketType.Connack, "20 03 00 @ 00")]
    [InlineData(PacketType.Puback, "40 03 00 01 @")]
    [InlineData(PacketType.Pubrec, "50 03 00 01 @")]
    [InlineData(PacketType.Pubrel, "62 03 00 01 @")]
    [InlineData(PacketType.Pubcomp, "70 03 00 01 @")]
    [InlineData(PacketType.Suback, "90 04 00 01 00 @")]
    [InlineData(PacketType.Unsuback, "B0 04 00 01 00 @")]
    [InlineData(PacketType.Disconnect, "E0 01 @")]
    [InlineData(PacketType.Auth, "F0 06 @ 04 15 00 01 'm'")]
    public void Packet_takes_the_codes_of_its_table(PacketType type, string pattern)
    {
        var allowed = SpecificationTables.ReasonCodes[type];
        for (var code = 0; code < 256; code++)
        {
            var packet = Hex.Parse(pattern.Replace("@", $"{code:X2}", StringComparison.Ordinal));

            Assert.True(allowed.Contains((byte)code) == AnyPacket.TryDecode(packet, ProtocolVersion.V50, out var error), $"{type} 0x{code:X2}: {error}");
        }
    }

    [Fact]
    public void Suback_of_311_takes_four_codes()
    {
        for (var code = 0; code < 256; code++)
        {
            Assert.Equal(code is 0 or 1 or 2 or 0x80, SubscriptionAcknowledgementPacket.IsReasonOf(PacketType.Suback, (byte)code, ProtocolVersion.V311));
        }
    }

    [Fact]
    public void Codes_are_those_of_the_tables()
    {
        var codes = SpecificationTables.ReasonCodes.Values.SelectMany(row => row).Distinct().Order();

        Assert.Equal(codes, Enum.GetValues<ReasonCode>().Select(code => (byte)code).Order());
    }

    [Fact]
    public void Codes_from_0x80_are_errors()
    {
        for (var code = 0; code < 256; code++) Assert.Equal(code >= 0x80, ((ReasonCode)code).IsError());
    }

    [Theory]
    [InlineData(ReasonCode.Success, "0x00 Success")]
    [InlineData(ReasonCode.GrantedQos2, "0x02 Granted QoS 2")]
    [InlineData(ReasonCode.SessionTakenOver, "0x8E Session taken over")]
    [InlineData(ReasonCode.QosNotSupported, "0x9B QoS not supported")]
    [InlineData((ReasonCode)0x05, "0x05 unknown")]
    public void Code_is_described(ReasonCode reason, string expected) => Assert.Equal(expected, reason.Describe());

    [Theory]
    [InlineData(ReasonCode.Success, 0)]
    [InlineData(ReasonCode.UnsupportedProtocolVersion, 1)]
    [InlineData(ReasonCode.ClientIdentifierNotValid, 2)]
    [InlineData(ReasonCode.ServerUnavailable, 3)]
    [InlineData(ReasonCode.ServerBusy, 3)]
    [InlineData(ReasonCode.ConnectionRateExceeded, 3)]
    [InlineData(ReasonCode.QuotaExceeded, 3)]
    [InlineData(ReasonCode.BadUserNameOrPassword, 4)]
    [InlineData(ReasonCode.NotAuthorized, 5)]
    [InlineData(ReasonCode.Banned, 5)]
    [InlineData(ReasonCode.MalformedPacket, null)]
    [InlineData(ReasonCode.ProtocolError, null)]
    [InlineData(ReasonCode.TopicNameInvalid, null)]
    [InlineData(ReasonCode.PacketTooLarge, null)]
    public void Code_becomes_a_return_code_of_311(ReasonCode reason, int? expected) => Assert.Equal((byte?)expected, reason.ToConnectReturnCode());
}
