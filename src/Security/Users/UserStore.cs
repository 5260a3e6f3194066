using System.Text;
using System.Text.Json;
using Avocet.Broker.Storage;

namespace Avocet.Security.Users;

/// <summary>
/// The database in the table <see cref="StoreTable.Users"/>: a record of JSON for each user (key <c>u</c> and the name), group (<c>g</c>) and role (<c>r</c>), and one (<c>s</c>)
/// with the version, the default access and the anonymous group, without which there is no database yet.
/// </summary>
internal static class UserStore
{
    /// <summary>The version of the records. A change of them makes a new one, which reads the older ones.</summary>
    public const int Version = 1;

    private const char UserKind = 'u';
    private const char GroupKind = 'g';
    private const char RoleKind = 'r';
    private static readonly byte[] SettingsKey = [(byte)'s'];

    /// <summary>Whether there is a database.</summary>
    public static bool Exists(IStore store) => store.Get(StoreTable.Users, SettingsKey) is not null;

    /// <summary>Reads all; null where there is no database yet.</summary>
    /// <exception cref="StoreException">The store cannot be read, a record is damaged, or a newer version wrote it.</exception>
    public static UserModel? Load(IStore store)
    {
        if (store.Get(StoreTable.Users, SettingsKey) is not { } settings) return null;

        var model = ReadSettings(store.Location, settings);
        var (users, groups, roles) = (model.Users.ToBuilder(), model.Groups.ToBuilder(), model.Roles.ToBuilder());
        using var cursor = store.Scan(StoreTable.Users, [], []);
        while (cursor.MoveNext())
        {
            switch (Read(store.Location, cursor.Key, cursor.Value))
            {
                case User user:
                    users[user.Name] = user;
                    break;
                case UserGroup group:
                    groups[group.Name] = group;
                    break;
                case Role role:
                    roles[role.Name] = role;
                    break;
            }
        }

        return model with { Users = users.ToImmutable(), Groups = groups.ToImmutable(), Roles = roles.ToImmutable() };
    }

    /// <summary>Reads one record; null for that of the settings.</summary>
    /// <exception cref="StoreException">It is damaged.</exception>
    public static UserEntry? Read(string location, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual(SettingsKey))
        {
            ReadSettings(location, value);
            return null;
        }

        var problem = "is of no known kind";
        UserEntry? entry = null;
        try
        {
            switch (key.IsEmpty ? ' ' : (char)key[0])
            {
                case UserKind when JsonSerializer.Deserialize(value, UserJson.Compact.UserRecord) is { } record:
                    entry = UserForms.ToUser(record, out problem);
                    break;
                case GroupKind when JsonSerializer.Deserialize(value, UserJson.Compact.GroupRecord) is { } record:
                    entry = UserForms.ToGroup(record, out problem);
                    break;
                case RoleKind when JsonSerializer.Deserialize(value, UserJson.Compact.RoleRecord) is { } record:
                    entry = UserForms.ToRole(record, out problem);
                    break;
            }

            if (entry is not null && entry.Name != Encoding.UTF8.GetString(key[1..])) problem = $"names '{entry.Name}'";
        }
        catch (JsonException)
        {
            problem = "is no JSON object of its kind";
        }

        return entry is not null && problem.Length == 0 ? entry : throw Damaged(location, key, problem);
    }

    /// <summary>Writes what a change needs, and what takes it back.</summary>
    public static void Write(UserModel before, UserModel after, UserEdit edit, StoreBatch changes, StoreBatch undo)
    {
        foreach (var name in edit.Users) Write(changes, undo, UserKind, name, Bytes(before.Users.GetValueOrDefault(name)), Bytes(after.Users.GetValueOrDefault(name)));
        foreach (var name in edit.Groups) Write(changes, undo, GroupKind, name, Bytes(before.Groups.GetValueOrDefault(name)), Bytes(after.Groups.GetValueOrDefault(name)));
        foreach (var name in edit.Roles) Write(changes, undo, RoleKind, name, Bytes(before.Roles.GetValueOrDefault(name)), Bytes(after.Roles.GetValueOrDefault(name)));
        if (before.Default == after.Default && before.AnonymousGroup == after.AnonymousGroup) return;

        changes.Put(StoreTable.Users, SettingsKey, Settings(after));
        undo.Put(StoreTable.Users, SettingsKey, Settings(before));
    }

    /// <summary>Writes a whole database, where there is none.</summary>
    public static void WriteNew(UserModel model, StoreBatch changes, StoreBatch undo)
    {
        changes.Put(StoreTable.Users, SettingsKey, Settings(model));
        undo.DeleteRange(StoreTable.Users, [0], []);
        foreach (var user in model.Users.Values) changes.Put(StoreTable.Users, Key(UserKind, user.Name), Bytes(user));
        foreach (var group in model.Groups.Values) changes.Put(StoreTable.Users, Key(GroupKind, group.Name), Bytes(group));
        foreach (var role in model.Roles.Values) changes.Put(StoreTable.Users, Key(RoleKind, role.Name), Bytes(role));
    }

    private static UserModel ReadSettings(string location, ReadOnlySpan<byte> value)
    {
        SettingsRecord? settings = null;
        try
        {
            settings = JsonSerializer.Deserialize(value, UserJson.Compact.SettingsRecord);
        }
        catch (JsonException)
        {
            // Told below, as where it holds null.
        }

        if (settings is not { Version: > 0 }) throw Damaged(location, SettingsKey, "is no JSON object of its kind");
        if (settings.Version > Version)
        {
            throw new StoreException(
                StoreFault.TooNew, $"The users in {location} have format {settings.Version}; this version of Avocet reads up to {Version}. Run the newer version, or choose another folder.");
        }

        return UserModel.Empty with { Default = UserForms.ToDefault(settings.DefaultAclAccess), AnonymousGroup = settings.AnonymousGroup ?? "" };
    }

    private static void Write(StoreBatch changes, StoreBatch undo, char kind, string name, byte[] before, byte[] after)
    {
        var key = Key(kind, name);
        Put(changes, key, after);
        Put(undo, key, before);

        static void Put(StoreBatch batch, byte[] key, byte[] value)
        {
            if (value.Length > 0) batch.Put(StoreTable.Users, key, value);
            else batch.Delete(StoreTable.Users, key);
        }
    }

    private static byte[] Key(char kind, string name) => [(byte)kind, .. Encoding.UTF8.GetBytes(name)];

    /// <summary>Empty where there is none.</summary>
    private static byte[] Bytes(UserEntry? entry) => entry switch
    {
        User user => JsonSerializer.SerializeToUtf8Bytes(UserForms.ToRecord(user), UserJson.Compact.UserRecord),
        UserGroup group => JsonSerializer.SerializeToUtf8Bytes(UserForms.ToRecord(group), UserJson.Compact.GroupRecord),
        Role role => JsonSerializer.SerializeToUtf8Bytes(UserForms.ToRecord(role), UserJson.Compact.RoleRecord),
        _ => [],
    };

    private static byte[] Settings(UserModel model) => JsonSerializer.SerializeToUtf8Bytes(
        new SettingsRecord { Version = Version, DefaultAclAccess = UserForms.ToRecord(model.Default), AnonymousGroup = model.AnonymousGroup.Length > 0 ? model.AnonymousGroup : null },
        UserJson.Compact.SettingsRecord);

    private static StoreException Damaged(string location, ReadOnlySpan<byte> key, string problem) =>
        new(StoreFault.Corrupt, $"The data in {location} is damaged: a record of users ({Encoding.UTF8.GetString(key)}) {problem}. Restore a backup; 'avocet store check' shows what else is damaged.");
}
