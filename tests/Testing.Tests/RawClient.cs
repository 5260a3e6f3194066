using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace Avocet.Testing.Tests;

/// <summary>A client that is nothing but bytes, in MQTT 3.1.1.</summary>
internal sealed class RawClient(IDuplexPipe transport)
{
    public const string Pingreq = "C000";
    public const string Pingresp = "D000";
    public const string Connack = "20020000";
    public const string ConnackWithSession = "20020100";

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public static async Task<RawClient> OpenAsync(TestMqttBroker broker) => new(await broker.OpenAsync());

    /// <summary>CONNECT with a keep alive of 10 s, or another.</summary>
    public static string Connect(string clientId, bool clean = true, int keepAliveSeconds = 10) =>
        string.Create(CultureInfo.InvariantCulture, $"10{12 + clientId.Length:X2}00044D51545404{(clean ? "02" : "00")}{keepAliveSeconds:X4}{clientId.Length:X4}{Convert.ToHexString(Encoding.ASCII.GetBytes(clientId))}");

    public async Task SendAsync(string hex) => await transport.Output.WriteAsync(Convert.FromHexString(hex));

    public async Task SendByteByByteAsync(string hex)
    {
        foreach (var b in Convert.FromHexString(hex)) await transport.Output.WriteAsync(new[] { b });
    }

    /// <summary>The next bytes; fewer where the connection ends before.</summary>
    public async Task<string> ReadAsync(int length)
    {
        var result = await transport.Input.ReadAtLeastAsync(length).AsTask().WaitAsync(Deadline);
        var bytes = result.Buffer.Slice(0, Math.Min(length, result.Buffer.Length));
        var hex = Convert.ToHexString(bytes.ToArray());
        transport.Input.AdvanceTo(bytes.End);
        return hex;
    }

    /// <summary>All that comes until the connection ends.</summary>
    public Task<string> ReadToEndAsync() => ReadAsync(int.MaxValue);

    public async Task CloseAsync()
    {
        await transport.Output.CompleteAsync();
        await transport.Input.CompleteAsync();
    }
}
