using System.Text;
using System.Text.Json;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Avocet.Security.Tokens;

/// <summary>Lets in clients with a signed token. The token says who the client is, whatever CONNECT says; the connection ends when the token does.</summary>
internal sealed class TokenAuthenticator(TokenOptions options, TokenKeys keys, TimeProvider timeProvider) : IAuthenticator
{
    private const int TokenSizeMax = 16 * 1024;

    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.HmacSha256, SecurityAlgorithms.HmacSha384, SecurityAlgorithms.HmacSha512,
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = TokenSizeMax };

    public async ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request, CancellationToken cancellationToken)
    {
        // Not every password is a token: others are for the next authenticator.
        if (FindToken(request) is not { } token) return AuthenticationResult.Next;

        var signingKeys = await keys.GetAsync(token.TryGetHeaderValue<string>(JwtHeaderParameterNames.Kid, out var keyId) ? keyId : "", cancellationToken);
        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            IssuerSigningKeys = signingKeys,
            ValidAlgorithms = Algorithms,
            ValidateIssuer = options.Issuer.Length > 0,
            ValidIssuer = options.Issuer.Length > 0 ? options.Issuer : null,
            ValidateAudience = options.Audience.Length > 0,
            ValidAudience = options.Audience.Length > 0 ? options.Audience : null,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            LifetimeValidator = (notBefore, expires, _, _) => IsCurrent(notBefore, expires),
            TryAllIssuerSigningKeys = true,
        });
        if (!result.IsValid) return AuthenticationResult.Deny(ReasonCode.BadUserNameOrPassword);

        return Judge(token, request);
    }

    private JsonWebToken? FindToken(AuthenticationRequest request)
    {
        var text = options.Place == TokenPlace.UserName ? request.UserName
            : request.Password is { Length: <= TokenSizeMax } password ? Encoding.UTF8.GetString(password.Span) : null;
        if (text is null || text.Length > TokenSizeMax || text.Count(c => c == '.') != 2 || !_handler.CanReadToken(text)) return null;

        try
        {
            return new JsonWebToken(text);
        }
        catch (Exception exception) when (exception is ArgumentException or SecurityTokenException or FormatException or JsonException)
        {
            // Three words with dots between them, which a password may be.
            return null;
        }
    }

    private bool IsCurrent(DateTime? notBefore, DateTime? expires)
    {
        var now = timeProvider.GetUtcNow().UtcDateTime;
        return expires is { } end && end > now && (notBefore is not { } start || start <= now);
    }

    private AuthenticationResult Judge(JsonWebToken token, AuthenticationRequest request)
    {
        if (!token.TryGetPayloadValue<string>(options.UserClaim, out var userName) || userName.Length == 0) return AuthenticationResult.Deny(ReasonCode.NotAuthorized);

        foreach (var (name, template) in options.RequiredClaims)
        {
            var wanted = template.Replace("${clientid}", request.ClientId, StringComparison.Ordinal).Replace("${username}", request.UserName ?? "", StringComparison.Ordinal);
            if (!token.TryGetPayloadValue<object>(name, out var value) || $"{value}" != wanted) return AuthenticationResult.Deny(ReasonCode.NotAuthorized);
        }

        TokenRules? rules = null;
        if (token.TryGetPayloadValue<JsonElement>("acl", out var acl) && (rules = TokenRules.Parse(acl)) is null) return AuthenticationResult.Deny(ReasonCode.NotAuthorized);

        return AuthenticationResult.Accept with { UserName = userName, ValidUntil = new DateTimeOffset(token.ValidTo, TimeSpan.Zero), Rules = rules };
    }
}
