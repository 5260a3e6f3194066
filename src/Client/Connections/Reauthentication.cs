using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Avocet.Protocol.Properties;

namespace Avocet.Client.Connections;

/// <summary>Proves anew who the client is, on a connection that goes on meanwhile. [MQTT-4.12.1-1]</summary>
internal sealed class Reauthentication(MqttClientOptions options, Link link)
{
    private readonly Lock _gate = new();
    private EnhancedAuthenticationExchange? _exchange;
    private TaskCompletionSource? _done;

    /// <exception cref="InvalidOperationException">There is no mechanism, or one exchange is under way.</exception>
    public Task BeginAsync()
    {
        if (options.Authentication is not { } authentication || !link.IsV5) throw new InvalidOperationException("There is nothing to authenticate anew with. Set MqttClientOptions.Authentication, and use MQTT 5.0.");

        ReadOnlyMemory<byte> data;
        Task done;
        lock (_gate)
        {
            if (_exchange is not null) throw new InvalidOperationException("An authentication is under way already.");

            _exchange = authentication.Begin();
            _done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            data = _exchange.GetInitialData();
            done = _done.Task;
        }

        Handshake.WriteAuth(link, ReasonCode.Reauthenticate, authentication.Method, data);
        link.FlushNow();
        return done;
    }

    /// <summary>Takes an AUTH of the broker; false when it has no place here.</summary>
    public bool TryContinue(in AuthPacket packet)
    {
        EnhancedAuthenticationExchange? exchange;
        lock (_gate) exchange = _exchange;
        if (exchange is null || MessageProperties.ReadString(packet.Properties, PropertyId.AuthenticationMethod) is { } method && method != options.Authentication!.Method) return false;

        ReadOnlyMemory<byte> data = packet.Properties.TryGetBytes(PropertyId.AuthenticationData, out var bytes) ? bytes.ToArray() : default(ReadOnlyMemory<byte>);
        _ = AnswerAsync(exchange, packet.Reason, data);
        return true;
    }

    /// <summary>The connection is gone, and with it the exchange.</summary>
    public void End(Exception? error)
    {
        lock (_gate)
        {
            _exchange = null;
            if (_done?.TrySetException(error ?? new MqttConnectException("The connection ended during authentication.")) == true) _ = _done.Task.Exception;
        }
    }

    private async Task AnswerAsync(EnhancedAuthenticationExchange exchange, ReasonCode reason, ReadOnlyMemory<byte> data)
    {
        try
        {
            if (reason == ReasonCode.Success)
            {
                exchange.Complete(data);
                lock (_gate)
                {
                    _exchange = null;
                    _done!.TrySetResult();
                }

                return;
            }

            using var limit = new CancellationTokenSource(options.ConnectTimeout, options.TimeProvider);
            var answer = await exchange.NextAsync(data, limit.Token).ConfigureAwait(false);
            Handshake.WriteAuth(link, ReasonCode.ContinueAuthentication, options.Authentication!.Method, answer);
            link.FlushNow();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Who cannot prove who it is, is not to be talked to. [MQTT-4.12.1-2]
            link.Abort(new MqttConnectException($"The authentication failed: {exception.Message}", exception) { Reason = ReasonCode.NotAuthorized });
        }
    }
}
