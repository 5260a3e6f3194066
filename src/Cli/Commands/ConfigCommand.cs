using System.CommandLine;
using Avocet.Server;
using Avocet.Server.Configuration;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet config</c>: looks at configuration without serving.</summary>
internal static class ConfigCommand
{
    public static Command Create() =>
        new("config", "Check a configuration file, or show what is in effect.") { CreateCheck(), CreateShow(), CreateConvert(), CreateReference() };

    private static Command CreateCheck()
    {
        var file = new Argument<string>("file") { Description = "The TOML file, or mosquitto.conf, to check." };
        var command = new Command("check", "Say what is wrong in a configuration file.") { file };
        command.SetAction(parsed =>
        {
            var configuration = ServerConfiguration.Read(new ConfigurationInput { FilePath = parsed.GetValue(file) });
            if (ReportErrors(configuration, parsed)) return ServerProcess.ExitFailure;

            foreach (var note in configuration.Notes) parsed.InvocationConfiguration.Output.WriteLine(note);

            var listeners = configuration.Options.Listeners.Count(listener => !listener.IsOff);
            parsed.InvocationConfiguration.Output.WriteLine($"{parsed.GetValue(file)} is good: {listeners} listener{(listeners == 1 ? "" : "s")}.");
            return ServerProcess.ExitSuccess;
        });
        return command;
    }

    private static Command CreateShow()
    {
        var options = new ServeOptions();
        var command = new Command("show", "Print every value in effect as TOML, each with where it comes from.");
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var configuration = ServerConfiguration.Read(options.Read(parsed));
            if (ReportErrors(configuration, parsed)) return ServerProcess.ExitFailure;

            parsed.InvocationConfiguration.Output.Write(configuration.ToToml());
            return ServerProcess.ExitSuccess;
        });
        return command;
    }

    private static Command CreateConvert()
    {
        var file = new Argument<string>("file") { Description = "The mosquitto.conf to convert; its name ends in .conf." };
        var command = new Command("convert", "Print a mosquitto.conf as a configuration of Avocet, with what is otherwise as comments.") { file };
        command.SetAction(parsed =>
        {
            var configuration = ServerConfiguration.Read(new ConfigurationInput { FilePath = parsed.GetValue(file) });
            if (ReportErrors(configuration, parsed)) return ServerProcess.ExitFailure;

            parsed.InvocationConfiguration.Output.Write(configuration.ConvertToToml());
            return ServerProcess.ExitSuccess;
        });
        return command;
    }

    private static Command CreateReference()
    {
        var command = new Command("reference", "Print all keys with meaning, range and default as Markdown.");
        command.SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Output.Write(ConfigurationReference.Write());
            return ServerProcess.ExitSuccess;
        });
        return command;
    }

    private static bool ReportErrors(ServerConfiguration configuration, ParseResult parsed)
    {
        foreach (var problem in configuration.Errors) parsed.InvocationConfiguration.Error.WriteLine($"avocet: {problem}");
        return configuration.Errors.Count > 0;
    }
}
