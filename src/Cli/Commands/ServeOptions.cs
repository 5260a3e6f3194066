using System.CommandLine;
using Avocet.Server.Configuration;

namespace Avocet.Cli.Commands;

/// <summary>The options that make up a configuration; serve and config show have the same.</summary>
internal sealed class ServeOptions
{
    private readonly Option<string?> _config = new("--config", "-c") { Description = "The TOML file to read, or a mosquitto.conf.", HelpName = "file" };
    private readonly Option<string?> _bind = new("--bind")
    {
        Description = "The address to listen on, for all listeners: an IP address, localhost, or * for all.",
        HelpName = "address",
    };

    private readonly Option<string?> _port = new("--port", "-p")
    {
        Description = "The MQTT port (default 1883); 0 is off, auto is any free one.",
        HelpName = "port",
    };

    private readonly Option<string?> _webSocketPort = new("--ws-port")
    {
        Description = "The WebSocket port (default 8083); 0 is off, auto is any free one.",
        HelpName = "port",
    };

    private readonly Option<string?> _consolePort = new("--console-port")
    {
        Description = "The port of the console and the API (default 18083); 0 is off, auto is any free one.",
        HelpName = "port",
    };

    private readonly Option<string?> _data = new("--data", "-d") { Description = "The folder of the broker's files.", HelpName = "folder" };
    private readonly Option<bool> _allowAnonymous = new("--allow-anonymous") { Description = "Let clients in without a password, on all listeners." };
    private readonly Option<string?> _logLevel = new("--log-level", "-l")
    {
        Description = "trace, debug, info, warning or error.",
        HelpName = "level",
    };

    private readonly Option<string[]> _set = new("--set", "-s")
    {
        Description = "Set any key of the configuration; may be given again.",
        HelpName = "key=value",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_config);
        command.Options.Add(_bind);
        command.Options.Add(_port);
        command.Options.Add(_webSocketPort);
        command.Options.Add(_consolePort);
        command.Options.Add(_allowAnonymous);
        command.Options.Add(_data);
        command.Options.Add(_logLevel);
        command.Options.Add(_set);
    }

    public ConfigurationInput Read(ParseResult parsed) => new()
    {
        FilePath = parsed.GetValue(_config),
        Environment = ConfigurationInput.ProcessEnvironment(),
        Assignments = parsed.GetValue(_set) ?? [],
        Bind = parsed.GetValue(_bind),
        Port = parsed.GetValue(_port),
        WebSocketPort = parsed.GetValue(_webSocketPort),
        ConsolePort = parsed.GetValue(_consolePort),
        AllowAnonymous = parsed.GetValue(_allowAnonymous),
        DataFolder = parsed.GetValue(_data),
        LogLevel = parsed.GetValue(_logLevel),
    };
}
