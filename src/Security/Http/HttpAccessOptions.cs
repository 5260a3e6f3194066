namespace Avocet.Security.Http;

/// <summary>A web service that says what connected clients may do. Both a yes and a no are remembered.</summary>
public sealed record HttpAccessOptions : HttpServiceOptions;
