using System.Net;
using System.Net.Sockets;

namespace Avocet.Bench;

/// <summary>Where the brokers listen.</summary>
internal static class Loopback
{
    /// <summary>A port that is free now. Brokers cannot be asked which one they chose; another program taking it meanwhile shows as a failure to start.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
