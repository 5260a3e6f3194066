using System.Diagnostics.CodeAnalysis;

namespace Avocet.Security;

/// <summary>Answers remembered for a while. Bounded: the oldest go first. A key must not be a password: its keyed hash is as good.</summary>
/// <typeparam name="TAnswer">What was answered.</typeparam>
internal sealed class AnswerCache<TAnswer>(TimeSpan time, TimeProvider timeProvider)
{
    public const int AnswersMax = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (TAnswer Result, long At)> _answers = new(StringComparer.Ordinal);
    private readonly Queue<(string Key, long At)> _byTime = [];

    public bool TryGet(string key, [MaybeNullWhen(false)] out TAnswer result)
    {
        lock (_gate)
        {
            ForgetOld();
            var isThere = _answers.TryGetValue(key, out var answer);
            result = answer.Result;
            return isThere;
        }
    }

    public void Add(string key, TAnswer result)
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
