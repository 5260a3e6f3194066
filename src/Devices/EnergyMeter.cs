using System.Globalization;
using Avocet.Client;
using Avocet.Protocol;

namespace Avocet.Devices;

/// <summary>A meter of a house that reports power and energy each second, by the curve of a day; every fourth house has solar panels.</summary>
internal sealed class EnergyMeter(int number, int seed) : Device(number, seed)
{
    private double _import = 1000 + 137 * number;
    private double _export;
    private DateTimeOffset? _before;
    private int _boilSeconds;

    public override string ClientId => $"avocet-sim-{Name}";

    public override TimeSpan Interval => TimeSpan.FromSeconds(1);

    public override Will Will => new($"energy/{Name}/status", "offline") { Qos = Qos.AtLeastOnce, Retain = true };

    private string Name => $"meter{Number + 1:D3}";

    private bool HasPanels => Number % 4 == 3;

    public override IEnumerable<MqttMessage> Begin() => [new($"energy/{Name}/status", "online") { Qos = Qos.AtLeastOnce, Retain = true }];

    public override IEnumerable<MqttMessage> End() => [new($"energy/{Name}/status", "offline") { Qos = Qos.AtLeastOnce, Retain = true }];

    public override IEnumerable<MqttMessage> Report(DateTimeOffset time)
    {
        var power = Power(time);
        var hours = (time - (_before ?? time)).TotalHours;
        _before = time;
        if (power >= 0) _import += power / 1000 * hours;
        else _export -= power / 1000 * hours;

        var payload = SimulationJson.Write(json =>
        {
            json.WriteString("time", time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
            json.WriteNumber("power", Math.Round(power));
            json.WriteNumber("energy_import", Math.Round(_import, 4));
            json.WriteNumber("energy_export", Math.Round(_export, 4));
            json.WriteNumber("voltage", Math.Round(230 + 1.5 * Noise(), 1));
            json.WriteNumber("frequency", Math.Round(50 + 0.02 * Noise(), 3));
        });
        yield return new MqttMessage($"energy/{Name}/state", payload) { Qos = Qos.AtLeastOnce };
    }

    // Base load, a peak in the morning and a larger one in the evening, now and then a kettle, and at noon the sun.
    private double Power(DateTimeOffset time)
    {
        if (_boilSeconds > 0) _boilSeconds--;
        else if (Random.NextDouble() < 0.001) _boilSeconds = 120;

        var hour = time.TimeOfDay.TotalHours;
        var load = 180 + 20 * (Number % 5) + 600 * Peak(hour, 7.5, 1.2) + 1400 * Peak(hour, 19.5, 2) + (_boilSeconds > 0 ? 2000 : 0) + 15 * Noise();
        var sun = HasPanels ? 4200 * Math.Pow(Math.Max(0, DayCurve(time, 12.5)), 1.5) * (0.9 + 0.1 * Noise()) : 0;
        return load - sun;
    }

    private static double Peak(double hour, double at, double width) => Math.Exp(-Math.Pow((hour - at) / width, 2));
}
