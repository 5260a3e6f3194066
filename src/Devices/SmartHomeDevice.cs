using System.Text.Json;
using Avocet.Client;
using Avocet.Protocol;

namespace Avocet.Devices;

/// <summary>A Zigbee2MQTT-style sensor or plug, with Home Assistant discovery and availability.</summary>
/// <param name="number">Which of them.</param>
/// <param name="seed">The same number gives the same values.</param>
/// <param name="house">A name that topics, identifiers and addresses begin with, so that they are nobody else's; empty for those that Zigbee2MQTT has.</param>
internal sealed class SmartHomeDevice(int number, int seed, string house = "") : Device(number, seed)
{
    private static readonly string[] Rooms = ["livingroom", "kitchen", "bedroom", "bathroom", "office", "hall", "attic", "cellar"];

    private static readonly (string Kind, string Model, (string Key, string Name, string? Class, string? Unit)[] Values)[] Kinds =
    [
        ("climate", "WSDCGQ11LM", [("temperature", "Temperature", "temperature", "°C"), ("humidity", "Humidity", "humidity", "%"), ("battery", "Battery", "battery", "%")]),
        ("motion", "RTCGQ11LM", [("occupancy", "Occupancy", "occupancy", null), ("illuminance", "Illuminance", "illuminance", "lx"), ("battery", "Battery", "battery", "%")]),
        ("contact", "MCCGQ11LM", [("contact", "Contact", "door", null), ("battery", "Battery", "battery", "%")]),
        ("plug", "TS011F", [("state", "State", null, null), ("power", "Power", "power", "W"), ("energy", "Energy", "energy", "kWh")]),
    ];

    private double _energy = 10 + number;
    private double _battery = 100 - number % 40;
    private bool _isOn;

    public override string ClientId => house.Length > 0 ? $"{house}-{Name}" : $"avocet-sim-{Name}";

    public override TimeSpan Interval => TimeSpan.FromSeconds(Kind.Kind == "plug" ? 5 : 10);

    public override Will Will => new(AvailabilityTopic, """{"state":"offline"}""") { Qos = Qos.AtLeastOnce, Retain = true };

    private string Name => $"{Rooms[Number / Kinds.Length % Rooms.Length]}_{Kind.Kind}{(Number >= Rooms.Length * Kinds.Length ? $"_{Number / (Rooms.Length * Kinds.Length) + 1}" : "")}";

    private (string Kind, string Model, (string Key, string Name, string? Class, string? Unit)[] Values) Kind => Kinds[Number % Kinds.Length];

    private string StateTopic => $"{(house.Length > 0 ? house : "zigbee2mqtt")}/{Name}";

    private string AvailabilityTopic => $"{StateTopic}/availability";

    private string Address => house.Length > 0 ? $"{house}_{Number:x4}" : $"0x00158d{Number:x10}";

    public override IEnumerable<MqttMessage> Begin()
    {
        foreach (var (key, name, deviceClass, unit) in Kind.Values)
        {
            var isBinary = key is "occupancy" or "contact" or "state";
            yield return new MqttMessage($"homeassistant/{(isBinary ? "binary_sensor" : "sensor")}/{Address}/{key}/config", Discovery(key, name, deviceClass, unit, isBinary)) { Qos = Qos.AtLeastOnce, Retain = true };
        }

        yield return new MqttMessage(AvailabilityTopic, """{"state":"online"}""") { Qos = Qos.AtLeastOnce, Retain = true };
    }

    public override IEnumerable<MqttMessage> End() => [new(AvailabilityTopic, """{"state":"offline"}""") { Qos = Qos.AtLeastOnce, Retain = true }];

    public override IEnumerable<MqttMessage> Report(DateTimeOffset time)
    {
        _battery = Math.Max(5, _battery - 0.001);
        if (Random.NextDouble() < 0.1) _isOn = !_isOn;
        yield return new MqttMessage(StateTopic, SimulationJson.Write(json => WriteState(json, time))) { Retain = true };
    }

    private void WriteState(Utf8JsonWriter json, DateTimeOffset time)
    {
        if (Kind.Kind == "climate")
        {
            json.WriteNumber("temperature", Math.Round(20.5 + 1.5 * DayCurve(time, 16) + 0.2 * Noise(), 2));
            json.WriteNumber("humidity", Math.Round(48 - 6 * DayCurve(time, 15) + Noise(), 2));
        }
        else if (Kind.Kind == "motion")
        {
            json.WriteBoolean("occupancy", _isOn);
            json.WriteNumber("illuminance", Math.Round(Math.Max(2, 400 * DayCurve(time, 13) + 20 * Noise())));
        }
        else if (Kind.Kind == "contact")
        {
            json.WriteBoolean("contact", !_isOn);
        }
        else
        {
            var power = _isOn ? 60 + Number % 7 * 40 + 3 * Noise() : 0.4;
            _energy += power / 1000 * Interval.TotalHours;
            json.WriteString("state", _isOn ? "ON" : "OFF");
            json.WriteNumber("power", Math.Round(power, 1));
            json.WriteNumber("energy", Math.Round(_energy, 3));
        }

        if (Kind.Kind != "plug") json.WriteNumber("battery", Math.Round(_battery));
        json.WriteNumber("linkquality", Random.Next(60, 200));
    }

    private byte[] Discovery(string key, string name, string? deviceClass, string? unit, bool isBinary) => SimulationJson.Write(json =>
    {
        json.WriteString("name", name);
        json.WriteString("unique_id", $"{Address}_{key}");
        json.WriteString("state_topic", StateTopic);
        json.WriteString("value_template", $"{{{{ value_json.{key} }}}}");
        if (deviceClass is not null) json.WriteString("device_class", deviceClass);
        if (unit is not null) json.WriteString("unit_of_measurement", unit);
        if (!isBinary) json.WriteString("state_class", key == "energy" ? "total_increasing" : "measurement");
        else if (key == "state") WriteStates(json, "ON", "OFF");
        else WriteFlags(json, on: key != "contact");

        json.WriteString("availability_topic", AvailabilityTopic);
        json.WriteString("availability_template", "{{ value_json.state }}");
        json.WriteStartObject("device");
        json.WriteStartArray("identifiers");
        json.WriteStringValue(house.Length > 0 ? Address : $"zigbee2mqtt_{Address}");
        json.WriteEndArray();
        json.WriteString("name", Name);
        json.WriteString("model", Kind.Model);
        json.WriteString("manufacturer", "Avocet simulation");
        json.WriteEndObject();
        json.WriteStartObject("origin");
        json.WriteString("name", "avocet simulate");
        json.WriteEndObject();
    });

    private static void WriteStates(Utf8JsonWriter json, string on, string off)
    {
        json.WriteString("payload_on", on);
        json.WriteString("payload_off", off);
    }

    private static void WriteFlags(Utf8JsonWriter json, bool on)
    {
        json.WriteBoolean("payload_on", on);
        json.WriteBoolean("payload_off", !on);
    }
}
