using Avocet.Broker.Handlers;
using Avocet.Broker.Storage;
using Avocet.Protocol;

namespace Avocet.Broker.Connections;

/// <summary>An acknowledgement that waits until what it acknowledges is kept.</summary>
/// <param name="After">The batch that has to be kept; 0 when it only waits for its turn.</param>
/// <param name="Type">The packet type.</param>
/// <param name="PacketId">The Packet Identifier.</param>
/// <param name="Reason">The Reason Code.</param>
/// <param name="Bytes">The properties, or null; of SUBACK and UNSUBACK the whole packet.</param>
internal readonly record struct HeldAcknowledgement(long After, PacketType Type, ushort PacketId, ReasonCode Reason, byte[]? Bytes)
{
    /// <summary>Whether it answers a publisher, who is told when the message could not be kept. All others wait until the store works again.</summary>
    public bool IsAnswer => Type is PacketType.Puback or PacketType.Pubrec;
}

/// <summary>
/// The acknowledgements of a connection that wait for commits, in their order: those that answer publishers by themselves, for they may be refused
/// while the others wait on. The writer's gate guards it.
/// </summary>
internal sealed class HeldAcknowledgements
{
    private readonly Queue<HeldAcknowledgement> _answers = new();
    private readonly Queue<HeldAcknowledgement> _others = new();

    public bool IsEmpty => _answers.Count == 0 && _others.Count == 0;

    /// <summary>Whether a 3.x client was not answered, for its version has no way to say no.</summary>
    public bool HasDropped { get; private set; }

    /// <summary>PUBRECs that became refusals.</summary>
    public int RefusedReceives { get; private set; }

    public void Add(in HeldAcknowledgement acknowledgement) => (acknowledgement.IsAnswer ? _answers : _others).Enqueue(acknowledgement);

    /// <summary>The next one that may go out.</summary>
    public bool TryTake(CommitBatcher commits, ProtocolVersion version, bool wantsReason, out HeldAcknowledgement next)
    {
        while (_answers.TryPeek(out next))
        {
            var state = next.After == 0 ? CommitState.Committed : commits.StateOf(next.After);
            if (state == CommitState.Pending) break;

            _answers.Dequeue();
            if (state == CommitState.Committed) return true;

            if (version == ProtocolVersion.V50)
            {
                if (next.Type == PacketType.Pubrec && !next.Reason.IsError()) RefusedReceives++;

                next = next with { After = 0, Reason = ReasonCode.QuotaExceeded, Bytes = wantsReason ? ReasonText.ToProperties(ReasonText.NotKept) : null };
                return true;
            }

            HasDropped = true;
        }

        return _others.TryPeek(out next) && next.After <= commits.Committed && _others.TryDequeue(out next);
    }

    /// <summary>Lets the writer be told of the next batch that matters; false when one was decided meanwhile, so that more may go out.</summary>
    public bool TryWait(CommitBatcher commits, ICommitWaiter waiter)
    {
        var waits = !_answers.TryPeek(out var answer) || commits.TryWait(answer.After, waiter, isStateDurable: false) == CommitState.Pending;
        return (!_others.TryPeek(out var other) || commits.TryWait(other.After, waiter, isStateDurable: true) != CommitState.Committed) && waits;
    }
}
