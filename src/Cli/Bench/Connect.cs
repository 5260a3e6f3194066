using System.Net.Sockets;
using System.Text;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.Cli.Bench;

/// <summary>The CONNECT of the clients, and what to say when it is refused.</summary>
internal static class Connect
{
    public static void Encode(ClientSettings settings, string clientId, uint sessionExpirySeconds, ControlBytes destination)
    {
        var properties = new PropertyBuilder();
        if (settings.Version == ProtocolVersion.V50 && sessionExpirySeconds > 0) properties.Add(PropertyId.SessionExpiryInterval, sessionExpirySeconds);

        var packet = new ConnectPacket
        {
            Version = settings.Version,
            CleanStart = sessionExpirySeconds == 0,
            ClientId = Encoding.UTF8.GetBytes(clientId),
            Properties = properties.Encoded,
            HasUserName = settings.UserName is not null,
            UserName = Encoding.UTF8.GetBytes(settings.UserName ?? ""),
            HasPassword = settings.Password is not null,
            Password = Encoding.UTF8.GetBytes(settings.Password ?? ""),
        };
        packet.Encode(destination.Reserve(packet.GetEncodedSize()));
    }

    public static string DescribeReturnCode(byte code) => code switch
    {
        1 => "1 unacceptable protocol version",
        2 => "2 identifier rejected",
        3 => "3 server unavailable",
        4 => "4 bad user name or password",
        5 => "5 not authorized",
        _ => $"{code}, which is no return code",
    };

    public static string AdviceFor(ProtocolVersion version, byte code)
    {
        var isUnknownUser = version == ProtocolVersion.V50
            ? (ReasonCode)code is ReasonCode.BadUserNameOrPassword or ReasonCode.NotAuthorized
            : code is 4 or 5;
        return isUnknownUser ? " Give --username and --password." : "";
    }

    public static string AdviceFor(SocketError error) => error switch
    {
        SocketError.ConnectionRefused => "Is the broker running, and is the port right?",
        SocketError.AddressNotAvailable => "All local ports to this address are taken; open fewer connections or wait a minute.",
        SocketError.TooManyOpenSockets => "Raise the limit of open files: ulimit -n.",
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.TimedOut => "Is the host right, and can this machine reach it?",
        _ => "The broker's log may say more.",
    };
}
