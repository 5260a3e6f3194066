using System.CommandLine;
using System.Text.Json;
using Avocet.Management.Accounts;
using Avocet.Server;

namespace Avocet.Cli.Ctl;

/// <summary>Which broker <c>avocet ctl</c> talks to: the one whose data folder it may read, or one at a URL.</summary>
internal sealed class CtlOptions
{
    /// <summary>The key for <c>--url</c> where there is no file of it, as in a container.</summary>
    public const string KeyVariable = "AVOCET_API_KEY";

    private static readonly string[] UsualFolders = [new ServerOptions().DataFolder, "/var/lib/avocet"];

    private readonly Option<string?> _url = new("--url") { Description = "The console's address, such as https://broker:18083. Without it the broker of this machine.", HelpName = "url", Recursive = true };
    private readonly Option<string?> _keyFile = new("--api-key-file") { Description = $"A file whose first line is an API key. Without it --url takes the one in the environment variable {KeyVariable}.", HelpName = "file", Recursive = true };
    private readonly Option<string?> _data = new("--data", "-d") { Description = "The data folder of the broker on this machine (default: avocet-data, then /var/lib/avocet).", HelpName = "folder", Recursive = true };
    private readonly Option<bool> _json = new("--json") { Description = "Print what the API answers, as JSON.", Recursive = true };

    public void AddTo(Command command)
    {
        command.Options.Add(_url);
        command.Options.Add(_keyFile);
        command.Options.Add(_data);
        command.Options.Add(_json);
    }

    public bool WantsJson(ParseResult parsed) => parsed.GetValue(_json);

    public CtlClient Open(ParseResult parsed)
    {
        var key = parsed.GetValue(_keyFile) is { } file ? ReadKey(file) : null;
        if (parsed.GetValue(_url) is { } text)
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https")) throw new CommandException($"--url is '{text}'; it is such as http://127.0.0.1:18083.");

            return new CtlClient(url, key ?? Environment.GetEnvironmentVariable(KeyVariable), null);
        }

        var local = ReadLocal(parsed.GetValue(_data));
        return new CtlClient(new Uri(local.Url), key ?? local.Key, local.Certificate);
    }

    private static string ReadKey(string file)
    {
        try
        {
            return File.ReadLines(file).FirstOrDefault("").Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"--api-key-file: {exception.Message}");
        }
    }

    private static LocalDocument ReadLocal(string? folder)
    {
        var candidates = folder is null ? UsualFolders : [folder];
        foreach (var candidate in candidates)
        {
            var path = Path.Combine(candidate, LocalAccess.FileName);
            try
            {
                if (File.Exists(path) && JsonSerializer.Deserialize(File.ReadAllBytes(path), LocalJson.Default.LocalDocument) is { } document) return document;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
            {
                throw new CommandException($"{path} cannot be read: {exception.Message.TrimEnd('.')}. Run this as the broker's user, or give --url and --api-key-file.");
            }
        }

        throw new CommandException($"no running broker was found in {string.Join(" or ", candidates)} (or this user may not look there). Name its data folder with --data, or give --url and --api-key-file.");
    }
}
