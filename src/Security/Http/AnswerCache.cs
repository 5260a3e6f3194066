using Avocet.Broker.Security;

namespace Avocet.Security.Http;

/// <summary>Answers remembered for a while, by a keyed hash of the question, so that no password lies in memory. Bounded: the oldest go first.</summary>
internal sealed class AnswerCache(TimeSpan time, TimeProvider timeProvider)
{
    public const int AnswersMax = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (AuthenticationResult Result, long At)> _answers = new(StringComparer.Ordinal);
    private readonly Queue<(string Key, long At)> _byTime = [];

    public bool TryGet(string key, out AuthenticationResult result)
    {
        lock (_gate)
        {
            ForgetOld();
            var isThere = _answers.TryGetValue(key, out var answer);
            result = answer.Result;
            return isThere;
        }
    }

    public void Add(string key, AuthenticationResult result)
    {
        if (time == TimeSpan.Zero) return;

        lock (_gate)
        {
            ForgetOld();
            if (_byTime.Count >= AnswersMax) Forget();

            var now = timeProvider.GetTimestamp();
            _answers[key] = (result, now);
            _byTime.Enqueue((key, now));
        }
    }

    private void ForgetOld()
    {
        while (_byTime.TryPeek(out var oldest) && timeProvider.GetElapsedTime(oldest.At) >= time) Forget();
    }

    private void Forget()
    {
        var (key, at) = _byTime.Dequeue();
        // It may have been asked again since.
        if (_answers.TryGetValue(key, out var answer) && answer.At == at) _answers.Remove(key);
    }
}
