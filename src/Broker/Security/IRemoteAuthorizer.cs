namespace Avocet.Broker.Security;

/// <summary>
/// Says what a connected client may do where that has to be asked for elsewhere, so that the answer takes time. Asked for PUBLISH, SUBSCRIBE and wills, where
/// all <see cref="IAuthorizer"/>s agree; the client's next packets wait meanwhile, and nobody else does.
/// </summary>
public interface IRemoteAuthorizer
{
    /// <summary>How long a yes or no holds for the same client, topic, QoS and retain; zero: each time is asked.</summary>
    TimeSpan AnswerTime { get; }

    /// <summary>Answers. It must not block the calling thread, has a time limit of its own, and does not fail.</summary>
    ValueTask<RemoteAnswer> AskAsync(RemoteQuestion question, CancellationToken cancellationToken);
}
