namespace Avocet.Security.Passwords;

/// <summary>How a password is hashed.</summary>
internal enum PasswordAlgorithm
{
    /// <summary><c>$6$</c>: SHA-512 once over password and salt, as Mosquitto 1.6 and earlier wrote it. Quick to guess.</summary>
    Sha512,

    /// <summary><c>$7$</c>: PBKDF2 with HMAC-SHA512, as Mosquitto 2.0 writes it.</summary>
    Pbkdf2Sha512,

    /// <summary><c>$argon2id$</c>: as Mosquitto 2.1 writes it. The default.</summary>
    Argon2id,
}
