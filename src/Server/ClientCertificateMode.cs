namespace Avocet.Server;

/// <summary>Whether clients have to show a certificate.</summary>
public enum ClientCertificateMode
{
    /// <summary>They are not asked for one.</summary>
    None,

    /// <summary>They may; a bad one is refused.</summary>
    Optional,

    /// <summary>They must.</summary>
    Required,
}
