using Avocet.Broker.Handlers;
using Avocet.Broker.Monitoring;
using Avocet.Broker.Monitoring.Events;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;
using Microsoft.Extensions.Logging;

namespace Avocet.Broker.Connections;

/// <summary>The one place where a connection dies.</summary>
internal static class Disconnector
{
    /// <summary>How long a client that does not read may hold up the end of its connection.</summary>
    private static readonly TimeSpan FlushTimeMax = TimeSpan.FromSeconds(2);

    public static async Task EndAsync(Connection connection, ITransport transport)
    {
        var ending = connection.Ending!;
        var context = connection.Context;
        var writer = connection.Writer;
        if (ending.SendsDisconnect && connection.Version == ProtocolVersion.V50 && connection.Session is not null) SendDisconnect(connection, ending);

        // The session is left after the last packet was written, so that nothing is sent behind it. [MQTT-3.14.4-1]
        writer.Finish();
        context.Sessions.Leave(connection, ending.Will);
        context.Users.Remove(connection);
        connection.MarkLeft();
        context.Bandwidth.OnEnd(connection);
        writer.Flush();
        connection.Flush();
        if (ending.Cause != EndingCause.ConnectionLost) await WaitForFlushAsync(writer, context.TimeProvider);

        writer.Close();
        await CompleteAsync(transport);
        Report(connection, ending);
    }

    private static void SendDisconnect(Connection connection, Ending ending)
    {
        var properties = new PropertyBuilder();
        properties.Add(PropertyId.ReasonString, ReasonText.Fit(ending.Detail));
        var packet = new DisconnectPacket { Reason = ending.Reason, Properties = properties.Encoded };
        // The Reason String is left out where the client could not take it. [MQTT-3.14.2-3]
        if (packet.GetEncodedSize(ProtocolVersion.V50) > connection.Writer.PacketSizeMax) packet = new DisconnectPacket { Reason = ending.Reason };

        Span<byte> bytes = new byte[packet.GetEncodedSize(ProtocolVersion.V50)];
        packet.Encode(bytes, ProtocolVersion.V50);
        connection.Writer.Write(bytes, Statistics.SentCounterOf(PacketType.Disconnect));
    }

    private static async Task WaitForFlushAsync(ConnectionWriter writer, TimeProvider timeProvider)
    {
        var flushed = writer.WhenFlushedAsync();
        if (flushed.IsCompleted) return;

        try
        {
            await flushed.WaitAsync(FlushTimeMax, timeProvider);
        }
        catch (TimeoutException)
        {
            // The client does not read; its transport is closed with what it has not taken.
        }
    }

    private static async Task CompleteAsync(ITransport transport)
    {
        try
        {
            await transport.CompleteAsync();
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // The transport is gone already, which is what was wanted.
        }
    }

    private static void Report(Connection connection, Ending ending)
    {
        var context = connection.Context;
        var kind = ending.Cause switch
        {
            _ when connection.Session is null => BrokerEventKind.ConnectionRefused,
            EndingCause.TakenOver => BrokerEventKind.TakenOver,
            EndingCause.ProtocolFault => BrokerEventKind.ProtocolError,
            _ => BrokerEventKind.Disconnected,
        };
        ConnectionEvents.AddEnded(connection, kind, ending);
        if (connection.Session is not null)
        {
            if (context.Logger.IsEnabled(LogLevel.Information)) Log.Disconnected(context.Logger, connection.Name, connection.Address, ending.Cause, ending.Summary);
            return;
        }

        context.Statistics.Add(Counter.ConnectionsRefused);
        if (context.Logger.IsEnabled(LogLevel.Information)) Log.Refused(context.Logger, connection.Address, connection.Origin.Listener.Name, ending.Summary);
    }
}
