using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace Avocet.Security.Tokens;

/// <summary>The keys that verify tokens: those of files, and those of a key set, which is asked for again from time to time.</summary>
internal sealed class TokenKeys : IDisposable
{
    private const int KeySetSizeMax = 1024 * 1024;

    /// <summary>HS256 wants a key as long as its hash, and so does whoever would else guess it.</summary>
    private const int SecretSizeMin = 32;

    private static readonly TimeSpan RequestTimeMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(10);

    private readonly TokenOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly IReadOnlyList<SecurityKey> _ofFiles;
    private readonly HttpClient? _client;
    private readonly SemaphoreSlim _asking = new(1);
    private volatile IReadOnlyList<SecurityKey> _ofSet = [];
    private long _askedAt;
    private bool _hasAsked;

    /// <exception cref="SecurityFileException">A file cannot be used.</exception>
    public TokenKeys(TokenOptions options, TimeProvider timeProvider, ILogger logger, HttpMessageHandler? handler = null)
    {
        _options = options;
        _timeProvider = timeProvider;
        _logger = logger;
        var keys = new List<SecurityKey>();
        if (options.SecretFile.Length > 0) keys.Add(ReadSecret(options.SecretFile));
        if (options.KeyFile.Length > 0) keys.AddRange(ReadPublicKeys(options.KeyFile));
        _ofFiles = keys;
        if (options.KeySetUrl.Length > 0)
        {
            _client = handler is null ? new HttpClient() : new HttpClient(handler);
            _client.Timeout = RequestTimeMax;
            _client.MaxResponseContentBufferSize = KeySetSizeMax;
        }
    }

    /// <summary>The keys that may have signed a token with this key identifier.</summary>
    public async ValueTask<IReadOnlyList<SecurityKey>> GetAsync(string keyId, CancellationToken cancellationToken)
    {
        if (_client is null) return _ofFiles;

        var isKnown = _hasAsked && (keyId.Length == 0 || _ofSet.Concat(_ofFiles).Any(key => key.KeyId == keyId));
        // A key that nobody knows may be new, but strangers must not make us ask without end.
        if (Age(isKnown ? TimeSpan.FromSeconds(_options.KeySetSeconds) : PauseMin)) await AskAsync(cancellationToken);

        return [.. _ofFiles, .. _ofSet];
    }

    public void Dispose()
    {
        _client?.Dispose();
        _asking.Dispose();
    }

    private bool Age(TimeSpan time) => !_hasAsked || _timeProvider.GetElapsedTime(Volatile.Read(ref _askedAt)) >= time;

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken);
        try
        {
            // Whoever waited has the answer to another's question.
            if (!Age(PauseMin)) return;

            Volatile.Write(ref _askedAt, _timeProvider.GetTimestamp());
            _hasAsked = true;
            var text = await _client!.GetStringAsync(new Uri(_options.KeySetUrl), cancellationToken);
            _ofSet = [.. new JsonWebKeySet(text).GetSigningKeys().Where(key => key is not SymmetricSecurityKey)];
        }
        catch (Exception exception) when (exception is HttpRequestException or ArgumentException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            Log.KeySetKept(_logger, _options.KeySetUrl, exception.Message);
        }
        finally
        {
            _asking.Release();
        }
    }

    private static SymmetricSecurityKey ReadSecret(string path)
    {
        var secret = Encoding.UTF8.GetBytes(SecurityFile.ReadText(path).Trim());
        return secret.Length >= SecretSizeMin
            ? new SymmetricSecurityKey(secret)
            : throw new SecurityFileException($"{path}: a secret for tokens has at least {SecretSizeMin} bytes; 'openssl rand -hex 32' makes one.");
    }

    private static List<SecurityKey> ReadPublicKeys(string path)
    {
        var text = SecurityFile.ReadText(path);
        var keys = new List<SecurityKey>();
        var rest = text.AsSpan();
        try
        {
            while (PemEncoding.TryFind(rest, out var fields))
            {
                keys.Add(ToKey(rest[fields.Location], rest[fields.Label]));
                rest = rest[fields.Location.End..];
            }
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new SecurityFileException($"{path}: not a public key of RSA or an elliptic curve in PEM.", exception);
        }

        return keys.Count > 0 ? keys : throw new SecurityFileException($"{path}: there is no public key in it.");
    }

    private static AsymmetricSecurityKey ToKey(ReadOnlySpan<char> pem, ReadOnlySpan<char> label)
    {
        if (label is "CERTIFICATE") return FromCertificate(X509Certificate2.CreateFromPem(pem));

        try
        {
            var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return new RsaSecurityKey(rsa);
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            // Then it is the other kind, or none.
            var curve = ECDsa.Create();
            curve.ImportFromPem(pem);
            return new ECDsaSecurityKey(curve);
        }
    }

    private static AsymmetricSecurityKey FromCertificate(X509Certificate2 certificate) =>
        certificate.GetECDsaPublicKey() is { } curve ? new ECDsaSecurityKey(curve) : new X509SecurityKey(certificate);
}
