using Avocet.Protocol;
using Avocet.Protocol.Properties;
using static Avocet.Cli.Conformance.RawPackets;

namespace Avocet.Cli.Conformance.Checks;

/// <summary>CONNECT, CONNACK and PINGREQ.</summary>
internal static class ConnectChecks
{
    private const byte CleanStart = 0x02;

    public static IReadOnlyList<Check> All { get; } =
    [
        new("connect-accepted", "A valid CONNECT is answered by CONNACK with success, first of all",
            ["MQTT-3.1.4-5", "MQTT-3.2.0-1", "MQTT-3.2.2-1"], ["MQTT-3.1.4-4", "MQTT-3.2.0-1"], AcceptedAsync),
        new("connect-twice", "A second CONNECT ends the connection, without a second CONNACK", ["MQTT-3.1.0-2", "MQTT-3.2.0-2"], ["MQTT-3.1.0-2"], TwiceAsync),
        new("connect-long-id", "A client identifier of 23 letters and digits is taken", ["MQTT-3.1.3-5"], ["MQTT-3.1.3-5"], LongIdAsync),
        new("connect-assigned-id", "Clients without an identifier get one each, and CONNACK tells it", ["MQTT-3.1.3-6", "MQTT-3.1.3-7", "MQTT-3.2.2-16"], [], AssignedIdAsync),
        new("connect-empty-id", "Clients without an identifier do not disturb each other", [], ["MQTT-3.1.3-6"], EmptyIdAsync),
        new("connect-empty-id-persistent", "No identifier and Clean Session 0: return code 2, Session Present 0, close",
            [], ["MQTT-3.1.3-8", "MQTT-3.2.2-4", "MQTT-3.2.2-5"], EmptyIdPersistentAsync),
        new("connect-takeover", "A client identifier that connects again ends its older connection", ["MQTT-3.1.4-3"], ["MQTT-3.1.4-2"], TakeoverAsync),
        new("connect-byte-by-byte", "Packets may arrive in pieces of a byte", ["MQTT-4.2.0-1"], ["MQTT-7.1.1-1"], ByteByByteAsync),
        new("connect-pipelined", "Packets behind CONNECT may come before CONNACK was sent", ["MQTT-3.2.0-1"], ["MQTT-3.2.0-1"], PipelinedAsync),
        new("connect-no-response-information", "Response Information comes only on request", ["MQTT-3.1.2-28"], [], NoResponseInformationAsync),
        new("connect-unknown-authentication", "An unknown Authentication Method is refused", ["MQTT-4.12.0-1", "MQTT-3.2.2-7"], [], UnknownAuthenticationAsync),
        new("ping", "PINGREQ is answered by PINGRESP", ["MQTT-3.12.4-1"], ["MQTT-3.12.4-1"], async check => await (await check.ConnectAsync()).PingAsync()),
        new("keep-alive", "Silence for one and a half Keep Alive periods ends the connection, less does not", ["MQTT-3.1.2-22"], ["MQTT-3.1.2-24"], KeepAliveAsync),
        new("not-connect-first", "Anything else than CONNECT first ends the connection", ["MQTT-3.1.0-1", "MQTT-3.14.0-1"], ["MQTT-3.1.0-1"], NotConnectFirstAsync),
        new("connect-protocol-name", "Another protocol name is refused", ["MQTT-3.1.2-1"], ["MQTT-3.1.2-1"],
            check => RefusedAsync(check, "the protocol name MQTX", Connect(check.Version, CleanStart, String(check.Id), name: "MQTX"), ReasonCode.UnsupportedProtocolVersion)),
        new("connect-level", "An unknown protocol level is refused", ["MQTT-3.1.2-2"], ["MQTT-3.1.2-2"], LevelAsync),
        new("connect-reserved-flag", "The reserved connect flag is refused", ["MQTT-3.1.2-3"], ["MQTT-3.1.2-3"],
            check => RefusedAsync(check, "a reserved connect flag of 1", Connect(check.Version, CleanStart | 1, String(check.Id)))),
        new("connect-will-qos-3", "A will of QoS 3 is refused", ["MQTT-3.1.2-12"], ["MQTT-3.1.2-14"], check => RefusedAsync(
            check, "a Will QoS of 3", Connect(check.Version, CleanStart | 0x1C, [.. String(check.Id), .. NoProperties(check.Version), .. String("will"), .. String("x")]))),
        new("connect-will-qos-without-will", "Will QoS without Will Flag is refused", ["MQTT-3.1.2-11"], ["MQTT-3.1.2-13"],
            check => RefusedAsync(check, "Will QoS 1 without Will Flag", Connect(check.Version, CleanStart | 0x08, String(check.Id)))),
        new("connect-will-retain-without-will", "Will Retain without Will Flag is refused", ["MQTT-3.1.2-13"], ["MQTT-3.1.2-15"],
            check => RefusedAsync(check, "Will Retain without Will Flag", Connect(check.Version, CleanStart | 0x20, String(check.Id)))),
        new("connect-password-alone", "A password without a user name is refused", [], ["MQTT-3.1.2-22"],
            check => RefusedAsync(check, "a password without a user name", Connect(check.Version, CleanStart | 0x40, [.. String(check.Id), .. String("secret")]))),
        new("connect-user-name-missing", "A user name that is announced has to be there", ["MQTT-3.1.2-17", "MQTT-3.1.4-1"], ["MQTT-3.1.2-19", "MQTT-3.1.4-1"],
            check => RefusedAsync(check, "a User Name Flag without a user name", Connect(check.Version, CleanStart | 0x80, String(check.Id)))),
        new("connect-user-name-unannounced", "A user name without its flag is refused", ["MQTT-3.1.2-16", "MQTT-3.1.4-1"], ["MQTT-3.1.2-18", "MQTT-3.1.4-1"],
            check => RefusedAsync(check, "a user name without its flag", Connect(check.Version, CleanStart, [.. String(check.Id), .. String("me")]))),
        new("connect-id-utf8", "A client identifier that is not UTF-8 is refused", ["MQTT-1.5.4-1", "MQTT-3.1.3-4"], ["MQTT-1.5.3-1", "MQTT-3.1.3-4"],
            check => RefusedAsync(check, "a client identifier that is not UTF-8", Connect(check.Version, CleanStart, String([0xC3, 0x28])))),
        new("connect-id-null", "A client identifier with U+0000 is refused", ["MQTT-1.5.4-2"], ["MQTT-1.5.3-2"],
            check => RefusedAsync(check, "a client identifier with U+0000", Connect(check.Version, CleanStart, String([(byte)'a', 0])))),
        new("connect-property-twice", "A property given twice is a Protocol Error", ["MQTT-4.13.1-1"], [], check => RefusedAsync(
            check, "two Session Expiry Intervals", Connect(check.Version, CleanStart, String(check.Id), properties: [0x11, 0, 0, 0, 0, 0x11, 0, 0, 0, 0]), ReasonCode.ProtocolError)),
        new("connect-receive-maximum-0", "A Receive Maximum of 0 is a Protocol Error", ["MQTT-4.13.1-1"], [], check => RefusedAsync(
            check, "a Receive Maximum of 0", Connect(check.Version, CleanStart, String(check.Id), properties: [0x21, 0, 0]), ReasonCode.ProtocolError)),
        new("connect-property-unknown", "A property that CONNECT cannot have is refused", ["MQTT-4.13.1-1"], [], check => RefusedAsync(
            check, "a Topic Alias in CONNECT", Connect(check.Version, CleanStart, String(check.Id), properties: [0x23, 0, 1]), ReasonCode.MalformedPacket, ReasonCode.ProtocolError)),
    ];

    private static async Task AcceptedAsync(CheckContext check)
    {
        var peer = await check.ConnectAsync();
        Check.That(!peer.Connack!.Connack.SessionPresent, "Session Present is 1 for a session that was to begin anew");
    }

    private static async Task TwiceAsync(CheckContext check)
    {
        var peer = await check.ConnectAsync();
        await peer.SendAsync(check.Encode(new RawConnect(), peer.ClientId));
        await peer.ExpectCloseAsync("a second CONNECT", ReasonCode.ProtocolError);
    }

    private static Task<RawPeer> LongIdAsync(CheckContext check) =>
        check.ConnectAsync(clientId: (check.Id + "abcdefghijklmnopqrstuvw")[..23]);

    private static async Task AssignedIdAsync(CheckContext check)
    {
        var (first, second) = (await check.ConnectAsync("first", clientId: ""), await check.ConnectAsync("second", clientId: ""));
        var (one, two) = (first.Connack!.String(PropertyId.AssignedClientIdentifier), second.Connack!.String(PropertyId.AssignedClientIdentifier));
        Check.That(one is { Length: > 0 } && two is { Length: > 0 }, "CONNACK has no Assigned Client Identifier");
        Check.That(one != two, $"two clients got the identifier {one}");
        await first.PingAsync();

        // An assigned identifier is one like any other: whoever connects with it takes over.
        await check.ConnectAsync("third", clientId: one);
        await first.ExpectCloseAsync("a takeover of its assigned identifier", ReasonCode.SessionTakenOver);
    }

    private static async Task EmptyIdAsync(CheckContext check)
    {
        var (first, second) = (await check.ConnectAsync("first", clientId: ""), await check.ConnectAsync("second", clientId: ""));
        await first.PingAsync();
        await second.PingAsync();
    }

    private static async Task EmptyIdPersistentAsync(CheckContext check)
    {
        var peer = await check.OpenAsync();
        await peer.SendAsync(check.Encode(new RawConnect { IsClean = false }, ""));
        var connack = await peer.ExpectCloseAsync("an empty client identifier with Clean Session 0");
        if (connack is not { Type: PacketType.Connack, Connack.Code: 2 }) throw new CheckFailedException($"{connack?.ToString() ?? "no CONNACK"} came instead of CONNACK 0x02");

        Check.That(!connack.Connack.SessionPresent, "the refusal has Session Present 1");
    }

    private static async Task TakeoverAsync(CheckContext check)
    {
        var first = await check.ConnectAsync("first", clientId: check.ClientId("same"));
        var second = await check.ConnectAsync("second", clientId: check.ClientId("same"));
        await first.ExpectCloseAsync("a takeover", ReasonCode.SessionTakenOver);
        await second.PingAsync();
    }

    private static async Task ByteByByteAsync(CheckContext check)
    {
        var peer = await check.OpenAsync();
        byte[] bytes = [.. check.Encode(new RawConnect(), peer.ClientId), .. Pingreq];
        foreach (var b in bytes)
        {
            await peer.SendAsync(b);
            await Task.Yield();
        }

        await peer.ExpectAsync(PacketType.Connack);
        await peer.ExpectAsync(PacketType.Pingresp);
    }

    private static async Task PipelinedAsync(CheckContext check)
    {
        var peer = await check.OpenAsync();
        var topic = check.Topic("a");
        await peer.SendAsync(
        [
            .. check.Encode(new RawConnect(), peer.ClientId), .. Subscribe(check.Version, 1, [], (topic, 0)), .. Publish(check.Version, topic, "early"),
        ]);
        var connack = await peer.ExpectAsync(PacketType.Connack);
        Check.That(connack.Connack.Code == 0, $"CONNECT was refused with 0x{connack.Connack.Code:X2}");
        await peer.ExpectAsync(PacketType.Suback);
        await peer.ExpectPublishAsync(topic, "early");
    }

    private static async Task NoResponseInformationAsync(CheckContext check)
    {
        var peer = await check.ConnectAsync();
        Check.That(peer.Connack!.String(PropertyId.ResponseInformation) is null, "CONNACK has Response Information, which nobody asked for");
    }

    private static async Task UnknownAuthenticationAsync(CheckContext check)
    {
        var peer = await check.SendConnectAsync(connect: new RawConnect { Properties = properties => properties.Add(PropertyId.AuthenticationMethod, "AVOCET-CHECK") });
        await peer.ExpectCloseAsync("an unknown Authentication Method", ReasonCode.BadAuthenticationMethod, ReasonCode.NotAuthorized);
    }

    private static async Task KeepAliveAsync(CheckContext check)
    {
        const ushort Seconds = 2;
        var peer = await check.ConnectAsync(connect: new RawConnect { KeepAliveSeconds = Seconds }, patience: 3);
        if (peer.Connack!.Integer(PropertyId.ServerKeepAlive) is { } other) throw new NotOfferedException($"the broker sets a Server Keep Alive of {other} s");

        var start = TimeProvider.System.GetTimestamp();
        await peer.ExpectCloseAsync($"{Seconds} s of keep alive", ReasonCode.KeepAliveTimeout);
        var seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        Check.That(seconds > 1.4 * Seconds, $"the connection ended after {seconds:0.0} s of silence at a Keep Alive of {Seconds} s");
    }

    private static async Task NotConnectFirstAsync(CheckContext check)
    {
        var peer = await check.OpenAsync();
        await peer.SendAsync(Pingreq);
        var packet = await peer.ExpectCloseAsync("PINGREQ as the first packet");
        Check.That(packet is null, $"{packet} came before any CONNECT");
    }

    private static async Task LevelAsync(CheckContext check)
    {
        var peer = await check.OpenAsync();
        await peer.SendAsync(Connect(check.Version, CleanStart, String(check.Id), level: 9));
        var packet = await peer.ExpectCloseAsync("the protocol level 9");
        if (check.IsV50)
        {
            Check.That(packet is null || packet.ConnackCode is 0x84 or 1, $"{packet} came instead of CONNACK 0x84");
            return;
        }

        // A broker cannot know whether level 9 would read the reason codes of 5.0 or the return codes of 3.1.1.
        Check.That(packet is { Type: PacketType.Connack }, "no CONNACK came before the close");
    }

    private static async Task RefusedAsync(CheckContext check, string provocation, byte[] connect, params ReasonCode[] reasons)
    {
        var peer = await check.OpenAsync();
        await peer.SendAsync(connect);
        if (reasons.Length > 0) await peer.ExpectCloseAsync(provocation, reasons);
        else await peer.ExpectCloseAsync(provocation);
    }
}
