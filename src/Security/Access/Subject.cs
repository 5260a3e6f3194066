using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using Avocet.Broker.Security;

namespace Avocet.Security.Access;

/// <summary>A client as rules see it: its names in the bytes that topics have.</summary>
internal sealed class Subject
{
    private static readonly ConditionalWeakTable<ClientIdentity, Subject> Known = [];

    public Subject(string clientId, string? userName, IPAddress? address, string listener)
    {
        ClientIdText = clientId;
        UserNameText = userName;
        Address = address;
        Listener = listener;
        ClientId = ToLevel(clientId);
        UserName = userName is null ? null : ToLevel(userName);
    }

    public string ClientIdText { get; }

    /// <summary>Null for an anonymous client.</summary>
    public string? UserNameText { get; }

    public IPAddress? Address { get; }

    public string Listener { get; }

    /// <summary>Null where it cannot stand for a level.</summary>
    public byte[]? ClientId { get; }

    /// <summary>Null where it cannot stand for a level.</summary>
    public byte[]? UserName { get; }

    /// <summary>Made once for each connection.</summary>
    public static Subject Of(ClientIdentity client) => Known.GetValue(client, static client => new Subject(
        client.ClientId, client.UserName, (client.Origin.RemoteEndPoint as IPEndPoint)?.Address, client.Origin.Listener.Name));

    /// <summary>A name with a wildcard would make a rule match topics of others, and one with '/' is no single level: neither matches anything.</summary>
    private static byte[]? ToLevel(string name) => name.Length == 0 || name.AsSpan().ContainsAny("+#/") ? null : Encoding.UTF8.GetBytes(name);
}
