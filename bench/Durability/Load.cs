using System.Diagnostics;
using System.Globalization;
using System.Text;
using Avocet.Bench;
using Avocet.Protocol;
using Avocet.Protocol.Packets;

namespace Avocet.Durability;

/// <summary>What the clients do.</summary>
internal static class Load
{
    /// <summary>Publishers, and the messages each of them has in flight: 100 in all.</summary>
    private const int Publishers = 4;
    private const int Window = 25;
    private const int PayloadSize = 100;

    /// <summary>Makes sessions that subscribe to all messages, and leaves them offline.</summary>
    public static void Subscribe(BrokerProcess broker, int sessions)
    {
        for (var i = 0; i < sessions; i++)
        {
            using var session = broker.Connect($"session-{i}", isClean: false);
            session.Subscribe("load/#", Qos.AtLeastOnce);
        }
    }

    /// <summary>Publishes at QoS 1 and waits for all acknowledgements. Returns the seconds.</summary>
    public static double Publish(BrokerProcess broker, int messages, bool retain = false)
    {
        var connections = Enumerable.Range(0, Publishers).Select(i => broker.Connect($"publisher-{i}", isClean: true)).ToList();
        var watch = Stopwatch.StartNew();
        RunAll(connections, (connection, index) => Publish(connection, index, messages / Publishers, retain));
        var seconds = watch.Elapsed.TotalSeconds;
        foreach (var connection in connections) connection.Dispose();
        return seconds;
    }

    /// <summary>Reconnects all sessions and receives what waits for them. Returns the seconds.</summary>
    public static double Drain(BrokerProcess broker, int sessions, int messages)
    {
        var watch = Stopwatch.StartNew();
        var connections = Enumerable.Range(0, sessions).Select(i => broker.Connect($"session-{i}", isClean: false)).ToList();
        RunAll(connections, (connection, _) => Receive(connection, messages));
        var seconds = watch.Elapsed.TotalSeconds;
        foreach (var connection in connections) connection.Dispose();
        return seconds;
    }

    /// <summary>What a $SYS topic says. It is published once a second, when it has changed.</summary>
    public static long ReadSys(BrokerProcess broker, string topic)
    {
        Thread.Sleep(2500);
        using var connection = broker.Connect("reader", isClean: true);
        connection.Subscribe("$SYS/broker/" + topic, Qos.AtMostOnce);
        return long.Parse(connection.ReadText(), CultureInfo.InvariantCulture);
    }

    public static string RetainedTopic(long number) => string.Create(CultureInfo.InvariantCulture, $"retained/{number / 1000}/{number % 1000}");

    private static void Publish(MqttConnection connection, int index, int messages, bool retain)
    {
        var payload = new byte[PayloadSize];
        var topic = Encoding.UTF8.GetBytes($"load/{index}");
        int sent = 0, acknowledged = 0;
        while (acknowledged < messages)
        {
            for (; sent < messages && sent - acknowledged < Window; sent++)
            {
                if (retain) topic = Encoding.UTF8.GetBytes(RetainedTopic(((long)sent * Publishers) + index));
                connection.Publish(topic, payload, (ushort)((sent % 60_000) + 1), retain);
            }

            connection.Flush();
            do
            {
                if (connection.Read(out _).Type == PacketType.Puback) acknowledged++;
            }
            while (connection.HasPacket);
        }
    }

    private static void Receive(MqttConnection connection, int messages)
    {
        while (messages > 0)
        {
            do
            {
                if (connection.Read(out var body) is not { Type: PacketType.Publish } header) continue;

                PublishPacket.TryDecode(header, body, ProtocolVersion.V311, out var packet, out _);
                connection.Acknowledge(packet.PacketId);
                messages--;
            }
            while (messages > 0 && connection.HasPacket);

            connection.Flush();
        }
    }

    private static void RunAll(List<MqttConnection> connections, Action<MqttConnection, int> run)
    {
        Exception? failure = null;
        var threads = connections.Select((connection, index) => new Thread(() =>
        {
            try
            {
                run(connection, index);
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        })).ToList();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        if (failure is not null) throw new InvalidOperationException("A client failed.", failure);
    }
}
