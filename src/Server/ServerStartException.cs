namespace Avocet.Server;

/// <summary>The server cannot start. The message is for the operator, whole without a stack trace.</summary>
public sealed class ServerStartException : Exception
{
    public ServerStartException(string message)
        : base(message)
    {
    }

    public ServerStartException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
