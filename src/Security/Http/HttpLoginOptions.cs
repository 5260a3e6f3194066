namespace Avocet.Security.Http;

/// <summary>A web service that says who may connect. A yes is remembered.</summary>
public sealed record HttpLoginOptions : HttpServiceOptions;
