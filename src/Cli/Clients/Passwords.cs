using System.Text;

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

    /// <summary>Asks on the terminal, without showing what is typed; from a pipe it reads a line.</summary>
    public static string Ask(string? userName)
    {
        Console.Error.Write($"Password{(userName is null ? "" : $" of {userName}")}: ");
        if (Console.IsInputRedirected) return Console.ReadLine() ?? "";

        var password = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace) password.Length = Math.Max(0, password.Length - 1);
            else if (key.KeyChar != 0) password.Append(key.KeyChar);
        }

        Console.Error.WriteLine();
        return password.ToString();
    }
}
