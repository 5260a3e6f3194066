namespace Avocet.Broker.Monitoring.Events;

/// <summary>The latest events of one kind, in a room that grows to its limit.</summary>
internal sealed class EventRing(int max)
{
    private EventEntry[] _events = [];
    private int _first;
    private int _count;

    public void Add(in EventEntry added)
    {
        if (_count == _events.Length && _count < max) Grow();
        if (_count < _events.Length)
        {
            _events[(_first + _count) % _events.Length] = added;
            _count++;
            return;
        }

        _events[_first] = added;
        _first = (_first + 1) % _events.Length;
    }

    /// <summary>Those with a higher number, the oldest first.</summary>
    public IEnumerable<BrokerEvent> After(long number)
    {
        // Mostly the latest few are asked for.
        var place = _count;
        while (place > 0 && At(place - 1).Number > number) place--;

        for (; place < _count; place++) yield return At(place).ToEvent();
    }

    private ref readonly EventEntry At(int place) => ref _events[(_first + place) % _events.Length];

    private void Grow()
    {
        var larger = new EventEntry[Math.Min(max, Math.Max(16, _events.Length * 2))];
        for (var place = 0; place < _count; place++) larger[place] = At(place);

        (_events, _first) = (larger, 0);
    }
}
