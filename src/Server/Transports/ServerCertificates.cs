using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Avocet.Management.Resources;
using Avocet.Security;
using Microsoft.Extensions.Logging;

namespace Avocet.Server.Transports;

/// <summary>The certificates of one TLS listener: loads them, chooses by SNI, and swaps them while connections go on.</summary>
internal sealed class ServerCertificates
{
    private readonly ListenerOptions _listener;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private volatile LoadedCertificate[] _loaded;
    private IReadOnlyList<CertificateOptions> _sources;
    private FileStamp[] _stamps;

    /// <exception cref="ServerStartException">A certificate cannot be used; the message says why.</exception>
    public ServerCertificates(ListenerOptions listener, IReadOnlyList<CertificateOptions> sources, TimeProvider timeProvider, ILogger logger)
    {
        _listener = listener;
        _timeProvider = timeProvider;
        _logger = logger;
        _sources = sources;
        _stamps = StampAll(sources);
        _loaded = Load(sources);
    }

    /// <summary>The TLS options for a client that asks for this host; null or empty where it names none.</summary>
    public SslServerAuthenticationOptions Select(string? serverName)
    {
        var loaded = _loaded;
        // A name from a stranger: only what is a host name may be compared.
        if (loaded.Length == 1 || string.IsNullOrEmpty(serverName) || Uri.CheckHostName(serverName) == UriHostNameType.Unknown)
        {
            return loaded[0].Options;
        }

        foreach (var candidate in loaded)
        {
            if (candidate.Certificate.MatchesHostname(serverName)) return candidate.Options;
        }

        return loaded[0].Options;
    }

    /// <summary>Those in use for the API, the first for clients that name no host.</summary>
    public IReadOnlyList<CertificateDocument> Describe() => [.. _loaded.Select(one => Describe(one.Certificate))];

    /// <summary>Loads the files again when one changed. A bad file leaves the old certificates in use and is logged once per change.</summary>
    public void ReloadIfChanged()
    {
        var stamps = StampAll(_sources);
        if (stamps.AsSpan().SequenceEqual(_stamps)) return;

        _stamps = stamps;
        TryLoad(_sources);
    }

    /// <summary>Loads certificates, from other files perhaps. A bad file leaves the old certificates in use.</summary>
    public void Reload(IReadOnlyList<CertificateOptions> sources)
    {
        _stamps = StampAll(sources);
        if (TryLoad(sources)) _sources = sources;
    }

    private bool TryLoad(IReadOnlyList<CertificateOptions> sources)
    {
        try
        {
            // Handshakes under way may still use the old ones; the garbage collector frees them after the last.
            _loaded = Load(sources);
            return true;
        }
        catch (ServerStartException exception)
        {
            Log.CertificateKept(_logger, _listener.Name, exception.Message);
            return false;
        }
    }

    private LoadedCertificate[] Load(IReadOnlyList<CertificateOptions> sources)
    {
        var trust = ClientTrust.Load(_listener, _timeProvider, reason => Log.ClientCertificateRefused(_logger, _listener.Name, reason));
        var loaded = new LoadedCertificate[sources.Count];
        for (var i = 0; i < loaded.Length; i++) loaded[i] = Load(sources[i], trust);

        for (var i = 0; i < loaded.Length; i++)
        {
            var certificate = loaded[i].Certificate;
            Log.CertificateLoaded(_logger, _listener.Name, sources[i].File, certificate.Subject, certificate.NotAfter);
            if (certificate.NotAfter < _timeProvider.GetLocalNow().DateTime)
            {
                Log.CertificateExpired(_logger, _listener.Name, sources[i].File, certificate.NotAfter);
            }
        }

        return loaded;
    }

    private LoadedCertificate Load(CertificateOptions source, ClientTrust? trust)
    {
        try
        {
            var password = source.PasswordFile.Length > 0 ? File.ReadLines(source.PasswordFile).FirstOrDefault("") : source.Password;
            var chain = new X509Certificate2Collection();
            var certificate = IsPfx(source.File) ? LoadPfx(source.File, password, chain) : LoadPem(source, password, chain);
            var context = SslStreamCertificateContext.Create(certificate, chain, offline: true);
            var options = new SslServerAuthenticationOptions
            {
                ServerCertificateContext = context,
                EnabledSslProtocols = _listener.TlsVersionMin == SslProtocols.Tls13 ? SslProtocols.Tls13 : SslProtocols.Tls12 | SslProtocols.Tls13,
                AllowRenegotiation = false,
                // Browsers ask for HTTP by name. MQTT clients that ask for something of their own get no answer, which they take.
                ApplicationProtocols = _listener.IsWebSocket ? [SslApplicationProtocol.Http11] : null,
            };
            trust?.AddTo(options);
            return new LoadedCertificate(certificate, options);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ServerStartException($"certificate {source.File} cannot be used: {Reason(source, exception)}", exception);
        }
    }

    private static bool IsPfx(string file) =>
        file.EndsWith(".pfx", StringComparison.OrdinalIgnoreCase) || file.EndsWith(".p12", StringComparison.OrdinalIgnoreCase);

    private static X509Certificate2 LoadPem(CertificateOptions source, string password, X509Certificate2Collection chain)
    {
        var keyFile = source.KeyFile.Length > 0 ? source.KeyFile : source.File;
        chain.ImportFromPemFile(source.File);
        return password.Length > 0
            ? X509Certificate2.CreateFromEncryptedPemFile(source.File, password, keyFile)
            : X509Certificate2.CreateFromPemFile(source.File, keyFile);
    }

    private static X509Certificate2 LoadPfx(string file, string password, X509Certificate2Collection chain)
    {
        chain.AddRange(X509CertificateLoader.LoadPkcs12CollectionFromFile(file, password));
        return chain.FirstOrDefault(candidate => candidate.HasPrivateKey) ?? throw new CryptographicException("it holds no private key");
    }

    private static CertificateDocument Describe(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().ToList();
        return new CertificateDocument(certificate.Subject, certificate.Issuer, certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime())
        {
            Names = [.. names.SelectMany(one => one.EnumerateDnsNames()), .. names.SelectMany(one => one.EnumerateIPAddresses()).Select(address => address.ToString())],
        };
    }

    private static string Reason(CertificateOptions source, Exception exception) => exception switch
    {
        FileNotFoundException missing => $"there is no file {missing.FileName}.",
        DirectoryNotFoundException => $"there is no file {source.File}, or none of {source.KeyFile}.",
        UnauthorizedAccessException => "no permission to read it or its key.",
        _ => exception.Message.ReplaceLineEndings(" ").TrimEnd('.') + ".",
    };

    private FileStamp[] StampAll(IReadOnlyList<CertificateOptions> sources) => [.. Stamp(sources), .. ClientTrust.FilesOf(_listener).Select(FileStamp.Of)];

    private static FileStamp[] Stamp(IReadOnlyList<CertificateOptions> sources)
    {
        var files = sources.SelectMany(source => new[] { source.File, source.KeyFile, source.PasswordFile }).Where(file => file.Length > 0);
        return [.. files.Select(FileStamp.Of)];
    }

    private sealed record LoadedCertificate(X509Certificate2 Certificate, SslServerAuthenticationOptions Options);
}
