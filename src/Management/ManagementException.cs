namespace Avocet.Management;

/// <summary>Something the operator has to see to; the message is whole without a stack trace.</summary>
public sealed class ManagementException : Exception
{
    public ManagementException(string message)
        : base(message)
    {
    }

    public ManagementException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Whether the port to listen on is taken.</summary>
    public bool IsPortTaken { get; init; }
}
