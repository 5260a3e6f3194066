using Avocet.Protocol;

namespace Avocet.Cli.Store;

/// <summary>Something in an imported file is not what it must be. The message says what; who reads the file adds where.</summary>
internal sealed class ImportException(string message) : Exception(message)
{
    public ImportException(string field, string problem)
        : this($"{field} {problem}.")
    {
    }

    public static Qos CheckQos(string field, int value) =>
        value is >= 0 and <= 2 ? (Qos)value : throw new ImportException(field, $"is {value}; allowed are 0, 1 and 2");
}
