using System.Text.Json;
using System.Text.Json.Serialization;

namespace Avocet.Management.Accounts;

/// <summary>How programs on this machine reach the API: who may read the data folder could change everything anyway.</summary>
/// <param name="Url">Where it listens.</param>
/// <param name="Key">A key with the scope admin, for this run of the broker.</param>
/// <param name="Certificate">SHA-256 of the certificate, where it listens with TLS: the name in it is not 127.0.0.1.</param>
internal sealed record LocalDocument(string Url, string Key, string? Certificate);

/// <summary>Writes <c>console.local</c> into the data folder, for its owner only, and takes it away at the end.</summary>
internal sealed class LocalAccess(string folder)
{
    public const string FileName = "console.local";

    private readonly string _path = Path.Combine(folder, FileName);
    private bool _isWritten;

    /// <exception cref="ManagementException">The file cannot be written.</exception>
    public string Write(Uri url, ManagementOptions options)
    {
        var key = Secrets.CreateKey();
        var certificate = options.SelectCertificate?.Invoke(null).ServerCertificateContext?.TargetCertificate.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256);
        PrivateFile.Replace(_path, JsonSerializer.SerializeToUtf8Bytes(new LocalDocument(url.ToString(), key, certificate), LocalJson.Default.LocalDocument));
        _isWritten = true;
        return key;
    }

    public void Remove()
    {
        if (!_isWritten) return;

        _isWritten = false;
        try
        {
            File.Delete(_path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Its key is worth nothing any more.
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LocalDocument))]
internal sealed partial class LocalJson : JsonSerializerContext;
