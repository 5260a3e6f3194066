namespace Avocet.Security;

/// <summary>A file of passwords or rules cannot be used; the message says in a line which, where and why.</summary>
public sealed class SecurityFileException(string message, Exception? innerException = null) : Exception(message, innerException);
