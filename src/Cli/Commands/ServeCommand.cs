using System.CommandLine;
using Avocet.Server;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet serve</c>: runs the broker.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        var options = new ServeOptions();
        var command = new Command("serve", "Run the broker until SIGTERM or SIGINT. SIGHUP reads the configuration again.");
        options.AddTo(command);
        command.SetAction((parsed, _) => ServerProcess.RunAsync(options.Read(parsed), parsed.InvocationConfiguration.Error));
        return command;
    }
}
