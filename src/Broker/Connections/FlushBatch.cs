namespace Avocet.Broker.Connections;

/// <summary>The connections that got output while a batch of packets was handled. Each is flushed once, at the end.</summary>
internal sealed class FlushBatch
{
    private readonly List<ConnectionWriter> _writers = [];

    /// <summary>Notes a connection that was written to. Never under a lock: a connection with much output is flushed at once.</summary>
    public void Add(ConnectionWriter writer)
    {
        if (writer.TrySchedule()) _writers.Add(writer);
        else if (writer.HasMuchUnflushed) writer.Flush();
    }

    /// <summary>Flushes all. Never under a lock.</summary>
    public void Flush()
    {
        // A flush can run other code inline which adds to this batch again; those are flushed too.
        for (var i = 0; i < _writers.Count; i++) _writers[i].FlushScheduled();

        _writers.Clear();
    }
}
