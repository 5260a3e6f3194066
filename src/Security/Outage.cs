namespace Avocet.Security;

/// <summary>Says once that a service fails and once that it works again, however many clients notice, and however often that changes within a few seconds.</summary>
internal sealed class Outage(TimeProvider timeProvider)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private bool _isSaid;
    private volatile bool _isFailing;
    private long? _lastSaidAt;

    /// <summary>The service failed. True when that is to be said.</summary>
    public bool Begin()
    {
        lock (_gate)
        {
            var isNew = !_isSaid;
            _isFailing = true;
            if (!isNew || (_lastSaidAt is { } last && timeProvider.GetElapsedTime(last) < Pause)) return false;

            _lastSaidAt = timeProvider.GetTimestamp();
            return _isSaid = true;
        }
    }

    /// <summary>The service answered. True when it had been said to fail.</summary>
    public bool End()
    {
        if (!_isFailing) return false;

        lock (_gate)
        {
            var wasSaid = _isSaid;
            (_isSaid, _isFailing) = (false, false);
            return wasSaid;
        }
    }
}
