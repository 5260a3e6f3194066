using System.CommandLine;
using System.Text;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Cli.Store;
using Avocet.Cli.Store.Mosquitto;
using Avocet.Server;
using Avocet.Server.Configuration;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet store</c>: looks at what the broker keeps, while it does not run, and moves it.</summary>
/// <param name="exists">Whether a folder has a store.</param>
/// <param name="openStore">Opens the store in a folder, or makes one.</param>
/// <param name="timeProvider">The time.</param>
internal sealed class StoreCommand(Func<string, bool> exists, Func<string, IStore> openStore, TimeProvider timeProvider)
{
    private readonly Option<string?> _config = new("--config", "-c") { Description = "The TOML file that names the folder.", HelpName = "file" };
    private readonly Option<string?> _data = new("--data", "-d") { Description = "The folder of the broker's files.", HelpName = "folder" };

    public Command Create() =>
        new("store", "Check, count, export or import what the broker keeps. The broker must not be running on the folder.")
        {
            CreateCheck(),
            CreateStats(),
            CreateExport(),
            CreateImport(),
        };

    private Command CreateCheck()
    {
        var repair = new Option<bool>("--repair") { Description = "Remove records that nobody uses: nothing else is ever changed." };
        var command = new Command("check", "Read everything and follow every reference. The exit code is 1 when something is wrong.") { _config, _data, repair };
        command.SetAction(parsed => Run(parsed, mustExist: true, store => Check(store, parsed.GetValue(repair), parsed.InvocationConfiguration.Output)));
        return command;
    }

    private static int Check(IStore store, bool isRepair, TextWriter output)
    {
        StoreFormat.Prepare(store);
        var check = new StoreCheck(store, problem => output.WriteLine(problem));
        check.Run();
        output.WriteLine($"{store.Location}: {check.Counts}.");
        var left = check.Problems;
        if (isRepair && check.Repairable > 0)
        {
            output.WriteLine($"Removing what nobody uses: {check.Repairable} of the lines above.");
            check.Repair();
            var again = new StoreCheck(store, _ => { });
            again.Run();
            left = again.Problems;
        }

        output.WriteLine(left == 0 ? "Sound." : $"Not sound: {left} problem{(left == 1 ? "" : "s")}.");
        return left == 0 ? ServerProcess.ExitSuccess : ServerProcess.ExitFailure;
    }

    private Command CreateStats()
    {
        var command = new Command("stats", "Count sessions, queued and retained messages, and show the largest queues.") { _config, _data };
        command.SetAction(parsed => Run(parsed, mustExist: true, store =>
        {
            StoreFormat.Prepare(store);
            StoreStatistics.Of(store, timeProvider.GetUtcNow()).Write(store, parsed.InvocationConfiguration.Output);
            return ServerProcess.ExitSuccess;
        }));
        return command;
    }

    private Command CreateExport()
    {
        var file = new Argument<string?>("file") { Description = "Where to write; standard output when it is left out.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("export", "Write everything as JSON, an object a line.") { _config, _data, file };
        command.SetAction(parsed => Run(parsed, mustExist: true, store => Export(store, parsed.GetValue(file), parsed.InvocationConfiguration)));
        return command;
    }

    private int Export(IStore store, string? path, InvocationConfiguration invocation)
    {
        StoreFormat.Prepare(store);
        using var file = path is null ? null : new StreamWriter(path, append: false, new UTF8Encoding(false), 1 << 16);
        var export = new StoreExport(store, file ?? invocation.Output, invocation.Error, timeProvider);
        export.Run();
        if (path is not null) invocation.Output.WriteLine($"Wrote {export.Lines} lines to {path}.");
        if (export.Damaged == 0) return ServerProcess.ExitSuccess;

        invocation.Error.WriteLine($"avocet: {export.Damaged} damaged records were left out. Keep the folder until you know what they were.");
        return ServerProcess.ExitFailure;
    }

    private Command CreateImport()
    {
        var file = new Argument<string>("file") { Description = "What 'avocet store export' wrote, or Mosquitto's persistence file." };
        var replace = new Option<bool>("--replace") { Description = "Let imported sessions and retained messages take the place of those that are there." };
        var command = new Command("import", "Add sessions, queued and retained messages from a file: all of it, or nothing.") { _config, _data, replace, file };
        command.SetAction(parsed => Run(
            parsed,
            mustExist: false,
            store => Import(store, parsed.GetValue(file)!, parsed.GetValue(replace), parsed.InvocationConfiguration.Output)));
        return command;
    }

    private int Import(IStore store, string path, bool mayReplace, TextWriter output)
    {
        // Looked at before an empty store is made ready for it.
        var isMosquitto = MosquittoFile.IsOne(path);
        StoreFormat.Prepare(store);
        try
        {
            using var mosquitto = isMosquitto ? MosquittoFile.Open(path) : null;
            var counts = mosquitto is null
                ? StoreImport.Run(store, mayReplace, () => new StreamReader(path))
                : MosquittoImport.Run(store, mayReplace, mosquitto, timeProvider, output.WriteLine);
            output.WriteLine($"Imported from {(isMosquitto ? "Mosquitto's " : "")}{path} into {store.Location}: {counts}.");
            return ServerProcess.ExitSuccess;
        }
        catch (ImportException exception)
        {
            throw new ImportException($"{path}: {exception.Message} Nothing was imported.");
        }
    }

    private int Run(ParseResult parsed, bool mustExist, Func<IStore, int> run)
    {
        var error = parsed.InvocationConfiguration.Error;
        var configuration = ServerConfiguration.Read(new ConfigurationInput
        {
            FilePath = parsed.GetValue(_config),
            Environment = ConfigurationInput.ProcessEnvironment(),
            DataFolder = parsed.GetValue(_data),
        });
        foreach (var problem in configuration.Errors) error.WriteLine($"avocet: {problem}");
        if (configuration.Errors.Count > 0) return ServerProcess.ExitFailure;

        var folder = configuration.Options.DataFolder;
        if (folder.Length == 0)
        {
            error.WriteLine("avocet: data is empty, so that the broker keeps everything in memory; --data names a folder.");
            return ServerProcess.ExitFailure;
        }

        if (mustExist && !exists(folder))
        {
            error.WriteLine($"avocet: {Path.GetFullPath(folder)} has no store; --data names the folder that the broker uses.");
            return ServerProcess.ExitFailure;
        }

        try
        {
            using var store = openStore(folder);
            return run(store);
        }
        catch (Exception exception) when (exception is StoreException or ImportException or IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"avocet: {exception.Message}");
            return ServerProcess.ExitFailure;
        }
    }
}
