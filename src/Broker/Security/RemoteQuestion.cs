using Avocet.Protocol;

namespace Avocet.Broker.Security;

/// <summary>What an <see cref="IRemoteAuthorizer"/> is asked.</summary>
/// <param name="Client">Who asks.</param>
/// <param name="IsPublish">Whether it is to publish, or to subscribe.</param>
/// <param name="Topic">The Topic Name, or the Topic Filter without <c>$share/{ShareName}/</c>; mount point included.</param>
/// <param name="Qos">The QoS of the message, or the requested one.</param>
/// <param name="Retain">Whether the message is to be retained.</param>
public sealed record RemoteQuestion(ClientIdentity Client, bool IsPublish, string Topic, Qos Qos, bool Retain);
