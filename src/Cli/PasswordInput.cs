using System.CommandLine;
using System.Text;
using Avocet.Security;

namespace Avocet.Cli;

/// <summary>Asks for a password without showing it, or reads it from standard input.</summary>
internal static class PasswordInput
{
    /// <summary>Asks once; the first line of standard input where that is no terminal.</summary>
    public static string Read(string prompt, ParseResult parsed)
    {
        if (Console.IsInputRedirected) return Console.In.ReadLine() ?? "";

        parsed.InvocationConfiguration.Error.Write(prompt);
        var password = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace) password.Length = Math.Max(0, password.Length - 1);
            else if (key.KeyChar != '\0') password.Append(key.KeyChar);
        }

        parsed.InvocationConfiguration.Error.WriteLine();
        return password.ToString();
    }

    /// <summary>Asks twice at a terminal.</summary>
    /// <exception cref="SecurityFileException">Both differ.</exception>
    public static string ReadNew(ParseResult parsed)
    {
        var password = Read("Password: ", parsed);
        if (!Console.IsInputRedirected && Read("The same again: ", parsed) != password) throw new SecurityFileException("the two passwords differ; nothing was changed.");

        return password;
    }
}
