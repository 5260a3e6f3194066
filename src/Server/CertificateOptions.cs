namespace Avocet.Server;

/// <summary>Where a server certificate and its private key are.</summary>
public sealed record CertificateOptions
{
    /// <summary>A PEM file with the certificate and its intermediates, or a PFX file (.pfx or .p12) with the key inside.</summary>
    public string File { get; init; } = "";

    /// <summary>The PEM file of the private key; empty when <see cref="File"/> holds it.</summary>
    public string KeyFile { get; init; } = "";

    /// <summary>The password of the private key or PFX file; empty for none.</summary>
    public string Password { get; init; } = "";

    /// <summary>A file whose first line is the password; empty for none.</summary>
    public string PasswordFile { get; init; } = "";

    // A record prints all its properties; a password must not get into a log that way.
    private bool PrintMembers(System.Text.StringBuilder builder)
    {
        builder.Append("File = ").Append(File).Append(", KeyFile = ").Append(KeyFile);
        return true;
    }
}
