using Avocet.Broker.Connections;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.Broker.Handlers;

/// <summary>Enhanced authentication of one connection (5.0, section 4.12): at CONNECT, and again whenever the client wishes.</summary>
internal sealed class EnhancedAuthentication(
    Connection connection, ConnectRequest connect, IEnhancedAuthenticator mechanism, AuthenticationRequest request)
{
    private IAuthenticationExchange? _exchange;

    public string Method => mechanism.Method;

    /// <summary>Whether an AUTH from the client with reason Continue authentication is awaited.</summary>
    public bool IsUnderWay => _exchange is not null;

    /// <summary>Begins an exchange with the data of CONNECT, or of an AUTH with reason Re-authenticate.</summary>
    public Task BeginAsync(byte[] data)
    {
        _exchange = mechanism.Begin(request);
        return ContinueAsync(data);
    }

    /// <summary>Gives the client's data to the exchange and answers.</summary>
    public async Task ContinueAsync(byte[] data)
    {
        var step = await _exchange!.NextAsync(data, connection.GetStepToken());
        if (connection.IsToEnd) return;

        if (step.Reason == ReasonCode.ContinueAuthentication)
        {
            SendAuth(step);
            return;
        }

        _exchange = null;
        if (connection.Session is null)
        {
            connect.FinalAuthenticationData = step.Data;
            ConnectHandler.Conclude(connection, connect, new AuthenticationResult(false, step.Reason) { UserName = step.UserName });
        }
        else if (step.Reason.IsError() || (step.UserName is { } userName && userName != connection.Identity!.UserName))
        {
            connection.End(new Ending(EndingCause.ProtocolFault, ReasonCode.NotAuthorized, "re-authentication failed. [MQTT-4.12.1-2]"));
        }
        else
        {
            SendAuth(step);
        }
    }

    private void SendAuth(AuthenticationStep step)
    {
        var properties = new PropertyBuilder();
        properties.Add(PropertyId.AuthenticationMethod, Method);
        if (!step.Data.IsEmpty) properties.Add(PropertyId.AuthenticationData, step.Data.Span);

        var packet = new AuthPacket { Reason = step.Reason, Properties = properties.Encoded };
        var bytes = new byte[packet.GetEncodedSize()];
        if (bytes.Length > connection.Writer.PacketSizeMax)
        {
            // Without this packet the exchange cannot go on. [MQTT-3.1.2-24]
            AuthHandler.Refuse(connection, ReasonCode.PacketTooLarge, "MQTT-3.1.2-24", $"of {bytes.Length} bytes exceeds the client's Maximum Packet Size");
            return;
        }

        packet.Encode(bytes);
        connection.Writer.Write(bytes, Statistics.SentCounterOf(PacketType.Auth));
        connection.Batch.Add(connection.Writer);
    }
}
