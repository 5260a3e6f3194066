using Avocet.Broker;
using Avocet.Broker.Security;
using Avocet.Broker.Storage;
using Avocet.Protocol;
using Avocet.Security.Access;
using Avocet.Security.Certificates;
using Avocet.Security.Http;
using Avocet.Security.Login;
using Avocet.Security.Passwords;
using Avocet.Security.Postgres;
using Avocet.Security.Scram;
using Avocet.Security.Tokens;
using Avocet.Security.Users;
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
    private readonly TokenKeys? _tokenKeys;
    private readonly HttpAuthenticator? _http;
    private readonly HttpAuthorizer? _httpAccess;
    private readonly PostgresAuthenticator? _postgres;
    private readonly ScramSource? _scram;
    private readonly UserDatabase? _users;
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

            if (options.UsesUserDatabase)
            {
                _hashing ??= new HashingThreads(options.PasswordThreads);
                _users = new UserDatabase(_hashing, options.Sys != SysAccess.All, services.TimeProvider, _logger);
            }

            if (options.ScramFile.Length > 0) _scram = new ScramSource(options.ScramFile, _logger);
            if (options.Http.Url.Length > 0) _http = new HttpAuthenticator(options.Http, services.TimeProvider, _logger);
            if (options.HttpAccess.Url.Length > 0) _httpAccess = new HttpAuthorizer(options.HttpAccess, services.TimeProvider, _logger);
            if (options.Postgres.IsOn) _postgres = new PostgresAuthenticator(options.Postgres, _hashing ??= new HashingThreads(options.PasswordThreads), services.TimeProvider, _logger);
            if (options.Token.IsOn) _tokenKeys = new TokenKeys(options.Token, services.TimeProvider, _logger);

            var hasAuthentication = options.HasAuthentication || services.Authenticators.Count > 0 || services.EnhancedAuthenticators.Count > 0;
            _access = new AccessControl(options, hasAuthentication, _logger);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Whether clients of this listener can log in.</summary>
    public bool HasAuthenticator(string listener) =>
        PasswordFileOf(listener).Length > 0 || _scram is not null || _users is not null || _options.Token.IsOn || _http is not null || _postgres is not null || _options.Listeners.Any(candidate => candidate.Listener == listener && candidate.CertificateUser != CertificateName.None);

    /// <summary>The services with what is configured here behind what was given.</summary>
    public BrokerServices AddTo(BrokerServices services)
    {
        var authenticators = new List<IAuthenticator>(services.Authenticators);
        // Before the passwords: a token is no password, and need not be hashed to learn that.
        if (_tokenKeys is not null) authenticators.Add(new TokenAuthenticator(_options.Token, _tokenKeys, services.TimeProvider));

        if (_users is not null) authenticators.Add(_users);

        foreach (var (path, authenticator) in _passwordFiles)
        {
            authenticators.Add(new ForListeners(listener => PasswordFileOf(listener) == path, authenticator));
        }

        if (_postgres is not null) authenticators.Add(_postgres);

        // Last, for it takes the longest.
        if (_http is not null) authenticators.Add(_http);

        // Asked first: who has shown a certificate needs no password.
        foreach (var listener in _options.Listeners.Where(candidate => candidate.CertificateUser != CertificateName.None || candidate.CertificateClientId != CertificateName.None))
        {
            authenticators.Insert(0, new ForListeners(name => name == listener.Listener, new CertificateAuthenticator(listener, _logger)));
        }

        var login = _options.Login;
        var guard = new LoginGuard(login, authenticators, services.TimeProvider, _logger) { Admits = _users is null ? (_, _) => true : _users.Admits };
        var isGuarded = authenticators.Count > 0 || _scram is not null || login.AllowFrom.Length > 0 || login.DenyFrom.Length > 0;
        var mechanisms = new List<IEnhancedAuthenticator>(services.EnhancedAuthenticators);
        if (_scram is not null) mechanisms.AddRange([new ScramAuthenticator(ScramVerifier.Sha256, _scram, guard), new ScramAuthenticator(ScramVerifier.Sha512, _scram, guard)]);

        var authorizers = new List<IAuthorizer>(services.Authorizers);
        if (_access.Authorizer is { } rules) authorizers.Add(rules);

        if (_users is not null)
        {
            authorizers.Add(_users);
            services = services with { Control = _users.AnswerAsync };
        }

        return services with { Authenticators = isGuarded ? [guard] : [], Authorizers = authorizers, RemoteAuthorizer = _httpAccess ?? services.RemoteAuthorizer, EnhancedAuthenticators = mechanisms };
    }

    /// <summary>Tells whose connections end when a change of the rules wants it.</summary>
    public void Attach(MqttBroker broker) => _broker = broker;

    /// <summary>Reads the users of the database, or begins one. Once the broker has started, before the first connection.</summary>
    /// <param name="folder">Where the password of a first user may be written; empty for nowhere.</param>
    /// <exception cref="SecurityFileException">The file of the first users cannot be used, or there is no place for the password of one.</exception>
    /// <exception cref="StoreException">The store cannot be read or written.</exception>
    public async Task StartAsync(string folder)
    {
        if (_users is null) return;

        var isNew = false;
        await _users.LoadAsync(_broker!, () =>
        {
            isNew = true;
            return UserBeginning.Create(_options.UsersFile, folder, _logger);
        });
        if (!isNew && _options.UsersFile.Length > 0) Log.UsersFileUnread(_logger, _options.UsersFile);
    }

    /// <summary>Reads again what has changed on disk. To be called every few seconds.</summary>
    public void ReloadIfChanged()
    {
        lock (_gate)
        {
            foreach (var file in _passwordFiles.Values) file.ReloadIfChanged();

            _scram?.ReloadIfChanged();
            _access.ReloadIfChanged();
        }
    }

    /// <summary>Takes what can be changed without a restart: the rules. Passwords are read again too, whether their file seems changed or not.</summary>
    public void Reload(SecurityOptions options)
    {
        lock (_gate)
        {
            foreach (var file in _passwordFiles.Values) file.Reload();

            _scram?.ReloadIfChanged();
            _access.Reload(options);
        }
    }

    public void Dispose()
    {
        _hashing?.Dispose();
        _users?.Dispose();
        _tokenKeys?.Dispose();
        _http?.Dispose();
        _httpAccess?.Dispose();
        _postgres?.Dispose();
    }

    private string PasswordFileOf(string listener) =>
        _options.Listeners.FirstOrDefault(candidate => candidate.Listener == listener) is { PasswordFile.Length: > 0 } own ? own.PasswordFile : _options.PasswordFile;

    private void DisconnectUsers(Func<string, bool> isChanged) =>
        _broker?.DisconnectClients(client => client.UserName is { } name && isChanged(name), ReasonCode.NotAuthorized, "the user's password has changed");
}
