using System.Buffers.Binary;
using System.Globalization;
using Avocet.Client;

namespace Avocet.Devices;

/// <summary>A LoRaWAN soil sensor, as ChirpStack's application server publishes its uplinks: decoded object and raw payload, radio figures, frame counter.</summary>
internal sealed class SoilSensor(int number, int seed) : Device(number, seed)
{
    private const string Application = "5a8c2f6e-3b1d-4c59-9f67-1d0e8a7b4c21";

    private readonly double _dryness = 0.01 + number % 7 * 0.002;
    private double _moisture = 24 + number % 11;
    private int _frame;

    public override string ClientId => $"avocet-sim-soil{Number + 1:D3}";

    public override TimeSpan Interval => TimeSpan.FromSeconds(15);

    private string Eui => $"a84041{Number + 1:x10}";

    public override IEnumerable<MqttMessage> Report(DateTimeOffset time)
    {
        // It dries, and once in a while it rains.
        _moisture = Random.NextDouble() < 0.02 ? Math.Min(42, _moisture + 8) : Math.Max(6, _moisture - _dryness);
        var temperature = 14 + 5 * DayCurve(time, 16) + 0.3 * Noise();
        var spreadingFactor = 7 + Number % 6;
        var data = new byte[7];
        BinaryPrimitives.WriteInt16BigEndian(data, (short)(temperature * 100));
        BinaryPrimitives.WriteUInt16BigEndian(data.AsSpan(2), (ushort)(_moisture * 100));
        BinaryPrimitives.WriteUInt16BigEndian(data.AsSpan(4), (ushort)(180 + 20 * _moisture));
        data[6] = (byte)(100 - Number % 30);
        yield return new MqttMessage($"application/{Application}/device/{Eui}/event/up", SimulationJson.Write(json =>
        {
            json.WriteString("time", time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            json.WriteStartObject("deviceInfo");
            json.WriteString("applicationId", Application);
            json.WriteString("applicationName", "farm");
            json.WriteString("deviceProfileName", "soil");
            json.WriteString("deviceName", $"field-{Number / 4 + 1}-probe-{Number % 4 + 1}");
            json.WriteString("devEui", Eui);
            json.WriteEndObject();
            json.WriteString("devAddr", $"01{Number + 1:x6}");
            json.WriteBoolean("adr", true);
            json.WriteNumber("dr", 12 - spreadingFactor);
            json.WriteNumber("fCnt", _frame++);
            json.WriteNumber("fPort", 2);
            json.WriteBoolean("confirmed", false);
            json.WriteBase64String("data", data);
            json.WriteStartObject("object");
            json.WriteNumber("soil_moisture", Math.Round(_moisture, 2));
            json.WriteNumber("soil_temperature", Math.Round(temperature, 2));
            json.WriteNumber("conductivity", Math.Round(180 + 20 * _moisture));
            json.WriteNumber("battery", data[6]);
            json.WriteEndObject();
            json.WriteStartArray("rxInfo");
            json.WriteStartObject();
            json.WriteString("gatewayId", "b827ebfffe010203");
            json.WriteNumber("rssi", -70 - 6 * (spreadingFactor - 7) - Random.Next(8));
            json.WriteNumber("snr", Math.Round(9 - 2.5 * (spreadingFactor - 7) + Noise(), 1));
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteStartObject("txInfo");
            json.WriteNumber("frequency", 868_100_000 + Random.Next(3) * 200_000);
            json.WriteStartObject("modulation");
            json.WriteStartObject("lora");
            json.WriteNumber("bandwidth", 125_000);
            json.WriteNumber("spreadingFactor", spreadingFactor);
            json.WriteString("codeRate", "CR_4_5");
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }));
    }
}
