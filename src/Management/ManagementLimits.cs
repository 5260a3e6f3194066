namespace Avocet.Management;

/// <summary>What the management listener may use up, so that it never gets in the broker's way.</summary>
internal static class ManagementLimits
{
    /// <summary>Connections at a time; more are closed.</summary>
    public const int ConnectionsMax = 128;

    /// <summary>Requests handled at a time; more get 503.</summary>
    public const int RequestsMax = 32;

    /// <summary>Streams at a time, which are no requests in this sense; more get 503.</summary>
    public const int StreamsMax = 32;

    /// <summary>Log-ins handled at a time, whose answers may be held back; more get 429.</summary>
    public const int LoginsMax = 8;

    /// <summary>Bytes of a request's body.</summary>
    public const int BodyBytesMax = 1024 * 1024;

    public const int HeaderBytesMax = 16 * 1024;

    public const int ItemsMax = 1000;

    public const int UsersMax = 1000;

    public const int KeysMax = 1000;

    public const int SessionsMax = 256;

    /// <summary>Bytes of a password; an argon2 hash of a longer one would cost no more, but nobody types it.</summary>
    public const int PasswordBytesMax = 1024;

    public const int PasswordLengthMin = 10;

    public static readonly TimeSpan RequestTimeMax = TimeSpan.FromSeconds(30);

    public static readonly TimeSpan HeadersTimeMax = TimeSpan.FromSeconds(10);

    public static readonly TimeSpan SetupTime = TimeSpan.FromMinutes(30);

    public static readonly TimeSpan SessionIdleMax = TimeSpan.FromMinutes(30);

    public static readonly TimeSpan SessionTimeMax = TimeSpan.FromHours(12);
}
