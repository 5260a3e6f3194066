using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Avocet.Cli.Net;

/// <summary>Whom TLS trusts, and who it says that we are.</summary>
internal sealed record TlsTrust
{
    /// <summary>Authorities to trust instead of the machine's.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    public X509Certificate2? Certificate { get; init; }

    /// <summary>Takes any certificate.</summary>
    public bool IsInsecure { get; init; }

    public string? ApplicationProtocol { get; init; }

    /// <exception cref="CommandException">A file cannot be used.</exception>
    public static TlsTrust Read(string? authorityFile, string? certificateFile, string? keyFile, bool isInsecure, string? applicationProtocol, string? authorityFolder = null)
    {
        if (certificateFile is null != keyFile is null) throw new CommandException("--cert and --key go together; give both.");

        X509Certificate2Collection? authorities = null;
        if (authorityFile is not null)
        {
            authorities = [];
            Use(authorityFile, () => authorities.ImportFromPemFile(authorityFile));
            if (authorities.Count == 0) throw new CommandException($"{authorityFile} has no certificate; it is to be a PEM file.");
        }

        if (authorityFolder is not null) ReadFolder(authorityFolder, authorities ??= []);
        X509Certificate2? certificate = null;
        if (certificateFile is not null) Use(certificateFile, () => certificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile));
        return new TlsTrust { Authorities = authorities, Certificate = certificate, IsInsecure = isInsecure, ApplicationProtocol = applicationProtocol };
    }

    public SslClientAuthenticationOptions OptionsFor(string host)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host };
        if (Certificate is not null) options.ClientCertificates = [Certificate];
        if (ApplicationProtocol is not null) options.ApplicationProtocols = [new SslApplicationProtocol(ApplicationProtocol)];
        if (Authorities is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(Authorities);
        }

#pragma warning disable CA5359 // The user asked for it with --insecure.
        if (IsInsecure) options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        return options;
    }

    /// <summary>The certificates of a folder's files; files without any, such as keys, are passed over.</summary>
    private static void ReadFolder(string folder, X509Certificate2Collection authorities)
    {
        Use(folder, () =>
        {
            foreach (var file in Directory.EnumerateFiles(folder))
            {
                if (Path.GetExtension(file) is ".pem" or ".crt" or ".cer" or ".0") authorities.ImportFromPemFile(file);
            }
        });
        if (authorities.Count == 0) throw new CommandException($"{folder} has no certificate; it is to be a folder with PEM files (.pem, .crt, .cer or .0).");
    }

    private static void Use(string file, Action read)
    {
        try
        {
            read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new CommandException($"{file} cannot be used: {exception.Message.TrimEnd('.')}. It is to be a PEM file.");
        }
    }
}
