namespace Avocet.Cli.Clients;

/// <summary>Passwords that do not stand on the command line, where every user of the machine can see them.</summary>
internal static class Passwords
{
    public const string EnvironmentVariable = "AVOCET_MQTT_PASSWORD";

    /// <summary>The first line of a file.</summary>
    public static string FromFile(string path)
    {
        try
        {
            using var reader = new StreamReader(path);
            return reader.ReadLine() ?? throw new CommandException($"{path} is empty; its first line is to be the password.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The password cannot be read from {path}: {exception.Message.TrimEnd('.')}.");
        }
    }

    public static string FromEnvironment(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new CommandException($"The environment has no {name}, which is to hold the password.");
}
