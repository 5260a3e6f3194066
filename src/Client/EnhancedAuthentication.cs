namespace Avocet.Client;

/// <summary>A mechanism of enhanced authentication (5.0, section 4.12), such as <see cref="ScramSha256Authentication"/>.</summary>
public abstract class EnhancedAuthentication
{
    /// <summary>The Authentication Method.</summary>
    public abstract string Method { get; }

    /// <summary>Begins an exchange, at each connection and each re-authentication.</summary>
    public abstract EnhancedAuthenticationExchange Begin();
}

/// <summary>One exchange of AUTH packets.</summary>
public abstract class EnhancedAuthenticationExchange
{
    /// <summary>The Authentication Data of CONNECT; empty for none.</summary>
    public abstract ReadOnlyMemory<byte> GetInitialData();

    /// <summary>Answers the server's Authentication Data.</summary>
    /// <param name="data">What came in AUTH; empty for none.</param>
    /// <param name="cancellationToken">Cancelled when the time for connecting is over.</param>
    /// <exception cref="MqttException">The server's data is not right.</exception>
    public abstract ValueTask<ReadOnlyMemory<byte>> NextAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken);

    /// <summary>Checks what came with the success.</summary>
    /// <param name="data">The Authentication Data of CONNACK or the last AUTH; empty for none.</param>
    /// <exception cref="MqttException">The server could not prove who it is.</exception>
    public abstract void Complete(ReadOnlyMemory<byte> data);
}
