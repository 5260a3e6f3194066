using System.Diagnostics.CodeAnalysis;
using System.Net;
using Avocet.Broker.Connections;
using Avocet.Broker.Security;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Protocol;

namespace Avocet.Broker.Bans;

/// <summary>Who may not connect. Kept in the store where there is one. While nobody is banned, a connection costs one look at a field.</summary>
public sealed class BanList
{
    /// <summary>Bans at a time.</summary>
    public const int BansMax = 1000;

    private const byte Version = 1;

    private readonly BrokerContext _context;
    private readonly Lock _gate = new();
    private List<Ban> _bans = [];
    private volatile Lookup? _lookup;

    internal BanList(BrokerContext context) => _context = context;

    private static ReadOnlySpan<byte> Key => "bans"u8;

    /// <summary>Those in force, the oldest first.</summary>
    public IReadOnlyList<Ban> List()
    {
        lock (_gate)
        {
            RemoveOver();
            return [.. _bans];
        }
    }

    /// <summary>Whether a value can be banned as this kind; else why not.</summary>
    public static bool TryCheck(BanKind kind, string value, [NotNullWhen(false)] out string? problem)
    {
        problem = null;
        if (value.Length is 0 or > Limits.StringSizeMax) problem = "the value has 1 to 65,535 characters";
        else if (kind == BanKind.Address && !TryParse(value, out _)) problem = $"'{value}' is no IP address and no network such as 10.1.0.0/16";

        return problem is null;
    }

    /// <summary>Bans somebody, ends his connections, and returns once that is kept. Null when there are <see cref="BansMax"/> already.</summary>
    public async Task<Ban?> AddAsync(BanKind kind, string value, TimeSpan? time, string reason, CancellationToken cancellationToken)
    {
        var now = _context.TimeProvider.GetUtcNow();
        var ban = new Ban(Guid.CreateVersion7(now).ToString("N"), kind, value, time is { } known ? now + known : null, reason, now);
        lock (_gate)
        {
            RemoveOver();
            if (_bans.Count >= BansMax) return null;

            Set([.. _bans, ban]);
        }

        foreach (var connection in _context.Connections.ToList())
        {
            // DISCONNECT cannot say Banned.
            if (connection.Identity is { } identity && (FindFor(identity) ?? FindFor(connection.Origin)) is not null) connection.Close(new Ending(EndingCause.AccessRevoked, ReasonCode.AdministrativeAction, Describe(ban)));
        }

        await WhenKeptAsync(cancellationToken);
        return ban;
    }

    /// <summary>Ends a ban; false when there is none of this name.</summary>
    public async Task<bool> RemoveAsync(string id, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_bans.Exists(ban => ban.Id == id)) return false;

            Set([.. _bans.Where(ban => ban.Id != id)]);
        }

        await WhenKeptAsync(cancellationToken);
        return true;
    }

    internal Ban? FindFor(ConnectionOrigin origin)
    {
        if (_lookup is not { Networks.Length: > 0 } lookup || origin.RemoteEndPoint is not IPEndPoint peer) return null;

        var address = peer.Address.IsIPv4MappedToIPv6 ? peer.Address.MapToIPv4() : peer.Address;
        foreach (var (network, ban) in lookup.Networks)
        {
            if (network.Contains(address) && IsInForce(ban)) return ban;
        }

        return null;
    }

    internal Ban? FindFor(ClientIdentity identity)
    {
        if (_lookup is not { } lookup) return null;
        if (lookup.Clients.TryGetValue(identity.ClientId, out var ban) && IsInForce(ban)) return ban;

        return identity.UserName is { } user && lookup.Users.TryGetValue(user, out ban) && IsInForce(ban) ? ban : null;
    }

    /// <summary>The end of a connection that nothing was read from.</summary>
    internal static Ending RefuseUnread(Ban ban) => new(EndingCause.Refused, ReasonCode.Banned, Describe(ban));

    internal static string Describe(Ban ban)
    {
        var what = ban.Kind switch
        {
            BanKind.ClientId => "the client identifier",
            BanKind.UserName => "the user",
            _ => "the address",
        };
        return ban.Until is { } until ? FormattableString.Invariant($"{what} is banned until {until:yyyy-MM-dd HH:mm} UTC") : $"{what} is banned";
    }

    internal void Load(IStore store)
    {
        if (store.Get(StoreTable.Meta, Key) is not { } value) return;

        var reader = new RecordReader(StoreTable.Meta, Key, value);
        if (reader.ReadByte() != Version) throw reader.Damaged("it is of a version that this Avocet does not know");

        List<Ban> bans = [];
        for (var count = reader.ReadInt64(); count > 0; count--)
        {
            var (id, kind, text) = (reader.ReadText(), (BanKind)reader.ReadByte(), reader.ReadText());
            var (until, reason, createdAt) = (reader.ReadOptional(), reader.ReadText(), reader.ReadInt64());
            bans.Add(new Ban(id, kind, text, until is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null, reason, DateTimeOffset.FromUnixTimeMilliseconds(createdAt)));
        }

        lock (_gate) (_bans, _lookup) = (bans, Lookup.Of(bans));
    }

    private bool IsInForce(Ban ban) => !(ban.Until <= _context.TimeProvider.GetUtcNow());

    private void RemoveOver()
    {
        if (_bans.Exists(ban => !IsInForce(ban))) Set([.. _bans.Where(IsInForce)]);
    }

    private void Set(List<Ban> bans)
    {
        (_bans, _lookup) = (bans, Lookup.Of(bans));
        if (_context.Commits is not { } commits) return;

        var writer = new RecordWriter();
        writer.WriteByte(Version);
        writer.WriteNumber((long)bans.Count);
        foreach (var ban in bans)
        {
            writer.WriteText(ban.Id);
            writer.WriteByte((byte)ban.Kind);
            writer.WriteText(ban.Value);
            writer.WriteOptional(ban.Until?.ToUnixTimeMilliseconds());
            writer.WriteText(ban.Reason);
            writer.WriteNumber(ban.CreatedAt.ToUnixTimeMilliseconds());
        }

        commits.Put(StoreTable.Meta, Key, writer.Written);
    }

    /// <summary>A store that fails keeps nobody from banning: it is in force, and written when that works again.</summary>
    private async Task WhenKeptAsync(CancellationToken cancellationToken)
    {
        if (_context.Commits is not { IsFailing: false } commits) return;

        var kept = commits.WhenCommittedAsync();
        commits.Kick();
        await kept.WaitAsync(cancellationToken);
    }

    private static bool TryParse(string value, out IPNetwork network)
    {
        network = default;
        if (IPNetwork.TryParse(value, out network)) return true;
        if (!IPAddress.TryParse(value, out var address)) return false;

        network = new IPNetwork(address, address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128);
        return true;
    }

    private sealed record Lookup(Dictionary<string, Ban> Clients, Dictionary<string, Ban> Users, (IPNetwork Network, Ban Ban)[] Networks)
    {
        public static Lookup? Of(List<Ban> bans)
        {
            if (bans.Count == 0) return null;

            var lookup = new Lookup([], [], [.. bans.Where(ban => ban.Kind == BanKind.Address && TryParse(ban.Value, out _)).Select(ban => (TryParse(ban.Value, out var network) ? network : default, ban))]);
            foreach (var ban in bans)
            {
                // Of two for the same the one that lasts longer counts.
                if (ban.Kind == BanKind.Address) continue;

                var map = ban.Kind == BanKind.ClientId ? lookup.Clients : lookup.Users;
                if (!map.TryGetValue(ban.Value, out var known) || (known.Until is { } until && !(ban.Until <= until))) map[ban.Value] = ban;
            }

            return lookup;
        }
    }
}
