using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Avocet.Broker.Security;
using Avocet.Protocol;
using Avocet.Security.Login;

namespace Avocet.Security.Scram;

/// <summary>One exchange: the client's first message, ours, the client's proof, our signature.</summary>
/// <param name="method">The Authentication Method.</param>
/// <param name="file">The users.</param>
/// <param name="guard">Counts failures, and knows who is banned.</param>
/// <param name="request">The CONNECT.</param>
/// <param name="serverNonce">For tests: our part of the nonce; null for a new one.</param>
internal sealed class ScramExchange(string method, ScramFile file, LoginGuard guard, AuthenticationRequest request, string? serverNonce = null) : IAuthenticationExchange
{
    private const int MessageSizeMax = 4096;

    private string _userName = "";
    private string _nonce = "";
    private string _header = "";
    private string _messages = "";
    private ScramVerifier? _verifier;
    private bool _isKnown;

    public async ValueTask<AuthenticationStep> NextAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var message = data.Length <= MessageSizeMax ? Encoding.UTF8.GetString(data.Span) : "";
        if (_verifier is null)
        {
            if (guard.FindRefusal(request) is { } refusal) return new AuthenticationStep(refusal);
            if (TryBegin(message) is { } first) return new AuthenticationStep(ReasonCode.ContinueAuthentication, Encoding.UTF8.GetBytes(first));
        }
        else if (TryFinish(message) is { } signature)
        {
            var refusal = guard.Succeed(request, _userName);
            return new AuthenticationStep(refusal ?? ReasonCode.Success, Encoding.UTF8.GetBytes(signature)) { UserName = _userName };
        }

        await guard.FailAsync(request, _userName.Length > 0 ? _userName : null, cancellationToken);
        return new AuthenticationStep(ReasonCode.NotAuthorized);
    }

    /// <summary>Takes <c>n,,n=user,r=nonce</c>; null when it is anything else.</summary>
    private string? TryBegin(string message)
    {
        var parts = message.Split(',');
        // Channel binding (p=) needs TLS data that .NET does not give; "y" says that the client could have done it.
        if (parts.Length < 4 || parts[0] is not ("n" or "y") || parts[1].Length > 0) return null;
        if (parts[2] is not ['n', '=', .. var name] || parts[3] is not ['r', '=', .. var nonce] || name.Length == 0 || nonce.Length is < 8 or > 256) return null;

        _userName = name.Replace("=2C", ",", StringComparison.Ordinal).Replace("=3D", "=", StringComparison.Ordinal);
        _verifier = file.Find(_userName, method, out _isKnown);
        _nonce = nonce + (serverNonce ?? Convert.ToBase64String(RandomNumberGenerator.GetBytes(18)));
        _header = $"{parts[0]},,";
        var first = string.Create(CultureInfo.InvariantCulture, $"r={_nonce},s={Convert.ToBase64String(_verifier.Salt)},i={_verifier.Iterations}");
        _messages = $"{message[_header.Length..]},{first}";
        return first;
    }

    /// <summary>Takes <c>c=header,r=nonce,p=proof</c>; null when it is anything else, or the proof is wrong.</summary>
    private string? TryFinish(string message)
    {
        var end = message.LastIndexOf(",p=", StringComparison.Ordinal);
        if (end < 0 || message[..end] != $"c={Convert.ToBase64String(Encoding.UTF8.GetBytes(_header))},r={_nonce}") return null;
        if (!ScramVerifier.TryDecode(message[(end + 3)..], out var proof) || proof.Length != _verifier!.StoredKey.Length) return null;

        var hash = ScramVerifier.HashOf(method);
        var signed = Encoding.UTF8.GetBytes($"{_messages},{message[..end]}");
        var clientKey = CryptographicOperations.HmacData(hash, _verifier.StoredKey, signed);
        for (var i = 0; i < clientKey.Length; i++) clientKey[i] ^= proof[i];

        var isRight = CryptographicOperations.FixedTimeEquals(CryptographicOperations.HashData(hash, clientKey), _verifier.StoredKey);
        return isRight && _isKnown ? $"v={Convert.ToBase64String(CryptographicOperations.HmacData(hash, _verifier.ServerKey, signed))}" : null;
    }
}
