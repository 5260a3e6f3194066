using Avocet.Protocol.Packets;

namespace Avocet.Client.Connections;

/// <summary>
/// Finds a connection that is dead, within the keep alive: when nothing came for some time PINGREQ goes, also while the client sends, for what it sends may go
/// nowhere; when nothing comes then either, it is over. [MQTT-3.1.2-20] [3.1.1 MQTT-3.1.2-23]
/// </summary>
internal sealed class KeepAlive : IAsyncDisposable
{
    // Together with the two steps of the timer that may be lost, that is all of the keep alive.
    private const double QuietShare = 0.4, AnswerShare = 0.4, StepShare = 0.1;
    private static readonly TimeSpan StepWithoutKeepAlive = TimeSpan.FromSeconds(5);

    private readonly ClientCore _core;
    private readonly Link _link;
    private readonly TimeSpan _keepAlive;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _pingedAt;
    private bool _isPinged;

    public KeepAlive(ClientCore core, Link link)
    {
        _core = core;
        _link = link;
        _keepAlive = link.Server.KeepAlive;
        _time = core.Options.TimeProvider;
        var step = _keepAlive > TimeSpan.Zero ? _keepAlive * StepShare : StepWithoutKeepAlive;
        _timer = _time.CreateTimer(static state => ((KeepAlive)state!).Check(), this, step, step);
    }

    /// <summary>While the client does not read, it cannot judge.</summary>
    public bool IsPaused { get; set; }

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void Check()
    {
        if (IsPaused) return;

        _core.Receiver.SweepUnclaimed();
        CheckAcknowledgements();
        if (_keepAlive == TimeSpan.Zero) return;

        var isQuiet = _time.GetElapsedTime(_link.LastReceived) >= _keepAlive * QuietShare;
        if (_isPinged)
        {
            if (_link.LastReceived >= _pingedAt)
            {
                _isPinged = false;
            }
            else if (_time.GetElapsedTime(_pingedAt) >= _keepAlive * AnswerShare)
            {
                _link.Abort(new MqttConnectException($"The connection is dead: nothing came from the broker for {_time.GetElapsedTime(_link.LastReceived).TotalSeconds:0.#} s, not even an answer to PINGREQ."));
                return;
            }
        }

        if (_isPinged || !(isQuiet || _time.GetElapsedTime(_link.LastSent) >= _keepAlive * QuietShare)) return;

        _isPinged = true;
        _pingedAt = _time.GetTimestamp();
        lock (_link.Gate)
        {
            _link.Write(EmptyPacket.Pingreq);
            _link.RequestFlush();
        }
    }

    private void CheckAcknowledgements()
    {
        lock (_core.Gate)
        {
            if (_core.Exchanges.Count == 0) _core.LastProgress = _time.GetTimestamp();
            if (_time.GetElapsedTime(_core.LastProgress) < _core.Options.AcknowledgementTimeout) return;
        }

        _link.Abort(new MqttConnectException($"The broker acknowledged nothing for {_core.Options.AcknowledgementTimeout.TotalSeconds:0.#} s, although something waits for it."));
    }
}
