namespace Avocet.Security.Users;

/// <summary>A change in the making: how the database would be, what of it is to be written, and whose connections end. Belongs to one thread.</summary>
internal sealed class UserEdit(UserModel model)
{
    private readonly HashSet<string> _users = new(StringComparer.Ordinal);
    private readonly HashSet<string> _groups = new(StringComparer.Ordinal);
    private readonly HashSet<string> _roles = new(StringComparer.Ordinal);

    public UserModel Model { get; private set; } = model;

    public IReadOnlySet<string> Users => _users;

    public IReadOnlySet<string> Groups => _groups;

    public IReadOnlySet<string> Roles => _roles;

    /// <summary>Users whose connections end: they are gone or disabled, or have another password or client identifier.</summary>
    public HashSet<string> Leaving { get; } = new(StringComparer.Ordinal);

    public void Put(User user)
    {
        Model = Model with { Users = Model.Users.SetItem(user.Name, user) };
        _users.Add(user.Name);
    }

    public void Put(UserGroup group)
    {
        Model = Model with { Groups = Model.Groups.SetItem(group.Name, group) };
        _groups.Add(group.Name);
    }

    public void Put(Role role)
    {
        Model = Model with { Roles = Model.Roles.SetItem(role.Name, role) };
        _roles.Add(role.Name);
    }

    public void Remove(User user)
    {
        Model = Model with { Users = Model.Users.Remove(user.Name) };
        _users.Add(user.Name);
        Leaving.Add(user.Name);
    }

    /// <summary>Also from those who are in it.</summary>
    public void Remove(UserGroup group)
    {
        foreach (var user in Model.MembersOf(group.Name).ToList()) Put(user with { Groups = user.Groups.RemoveAll(member => member.Name == group.Name) });

        Model = Model with { Groups = Model.Groups.Remove(group.Name), AnonymousGroup = Model.AnonymousGroup == group.Name ? "" : Model.AnonymousGroup };
        _groups.Add(group.Name);
    }

    /// <summary>Also from those who have it.</summary>
    public void Remove(Role role)
    {
        foreach (var user in Model.Users.Values.Where(user => Has(user, role)).ToList()) Put(user with { Roles = user.Roles.RemoveAll(member => member.Name == role.Name) });
        foreach (var group in Model.Groups.Values.Where(group => Has(group, role)).ToList()) Put(group with { Roles = group.Roles.RemoveAll(member => member.Name == role.Name) });

        Model = Model with { Roles = Model.Roles.Remove(role.Name) };
        _roles.Add(role.Name);
    }

    public void SetDefault(DefaultAccess access) => Model = Model with { Default = access };

    public void SetAnonymousGroup(string name) => Model = Model with { AnonymousGroup = name };

    private static bool Has(RoleHolder holder, Role role) => holder.Roles.Any(member => member.Name == role.Name);
}
