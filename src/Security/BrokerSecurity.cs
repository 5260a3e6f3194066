using Avocet.Broker;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.Security.Access;
using Avocet.Security.Passwords;
using Microsoft.Extensions.Logging;

namespace Avocet.Security;

/// <summary>The access control of one broker: made of options, given to the broker, and kept up to date while that runs.</summary>
public sealed class BrokerSecurity : IDisposable
{
    private readonly Lock _gate = new();
    private readonly ILogger _logger;
    private readonly HashingThreads? _hashing;
    private readonly Dictionary<string, PasswordFileAuthenticator> _passwordFiles = [];
    private readonly SecurityOptions _options;
    private readonly AccessControl _access;
    private MqttBroker? _broker;

    /// <exception cref="SecurityFileException">A file cannot be used; the message says why.</exception>
    public BrokerSecurity(SecurityOptions options, BrokerServices services)
    {
        _options = options;
        _logger = services.LoggerFactory.CreateLogger("Avocet.Security");
        var paths = options.Listeners.Select(listener => listener.PasswordFile).Append(options.PasswordFile).Where(path => path.Length > 0).Distinct();
        try
        {
            foreach (var path in paths)
            {
                _hashing ??= new HashingThreads(options.PasswordThreads);
                _passwordFiles[path] = new PasswordFileAuthenticator(path, _hashing, _logger) { OnChanged = DisconnectUsers };
            }

            var hasAuthentication = _passwordFiles.Count > 0 || services.Authenticators.Count > 0 || services.EnhancedAuthenticators.Count > 0;
            _access = new AccessControl(options, hasAuthentication, _logger);
        }
        catch
        {
            _hashing?.Dispose();
            throw;
        }
    }

    /// <summary>Whether clients of this listener can log in.</summary>
    public bool HasAuthenticator(string listener) => PasswordFileOf(listener).Length > 0;

    /// <summary>The services with what is configured here behind what was given.</summary>
    public BrokerServices AddTo(BrokerServices services)
    {
        var authenticators = new List<IAuthenticator>(services.Authenticators);
        foreach (var (path, authenticator) in _passwordFiles)
        {
            authenticators.Add(new ForListeners(listener => PasswordFileOf(listener) == path, authenticator));
        }

        var authorizers = new List<IAuthorizer>(services.Authorizers);
        if (_access.Authorizer is { } rules) authorizers.Add(rules);

        return services with { Authenticators = authenticators, Authorizers = authorizers };
    }

    /// <summary>Tells whose connections end when a change of the rules wants it.</summary>
    public void Attach(MqttBroker broker) => _broker = broker;

    /// <summary>Reads again what has changed on disk. To be called every few seconds.</summary>
    public void ReloadIfChanged()
    {
        lock (_gate)
        {
            foreach (var file in _passwordFiles.Values) file.ReloadIfChanged();

            _access.ReloadIfChanged();
        }
    }

    /// <summary>Takes what can be changed without a restart: the rules. Passwords are read again too, whether their file seems changed or not.</summary>
    public void Reload(SecurityOptions options)
    {
        lock (_gate)
        {
            foreach (var file in _passwordFiles.Values) file.Reload();

            _access.Reload(options);
        }
    }

    public void Dispose() => _hashing?.Dispose();

    private string PasswordFileOf(string listener) =>
        _options.Listeners.FirstOrDefault(candidate => candidate.Listener == listener) is { PasswordFile.Length: > 0 } own ? own.PasswordFile : _options.PasswordFile;

    private void DisconnectUsers(Func<string, bool> isChanged) =>
        _broker?.DisconnectClients(client => client.UserName is { } name && isChanged(name), ReasonCode.NotAuthorized, "the user's password has changed");
}
