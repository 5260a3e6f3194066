namespace Avocet.Server.Configuration.Mosquitto;

/// <summary>One option of a mosquitto.conf.</summary>
internal sealed record MosquittoLine(string Name, string Value, Origin Origin)
{
    /// <summary>Mosquitto takes true and false, and 1 and 0 for some.</summary>
    public bool IsTrue => Value is "true" or "1";
}
