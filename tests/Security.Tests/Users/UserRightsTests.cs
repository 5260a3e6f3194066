using System.Text;
using Avocet.Security.Access;
using Avocet.Security.Users;
using Xunit;

namespace Avocet.Security.Tests.Users;

/// <summary>Which entry decides, with the order of Mosquitto's dynamic security.</summary>
public sealed class UserRightsTests
{
    [Fact]
    public void Entry_of_the_role_with_the_higher_priority_decides()
    {
        var model = Model(
            [Role("low", Acl("publishClientSend", "a/#", allow: true, priority: 100)), Role("high", Acl("publishClientSend", "a/#", allow: false))],
            new User("u") { Roles = UserForms.Ordered((Membership[])[new("low", 1), new("high", 2)]) });

        Assert.False(May(model, "u", UserWish.Send, "a/b"));
    }

    [Fact]
    public void Entry_with_the_higher_priority_decides_within_a_role()
    {
        var model = Model([Role("r", Acl("publishClientSend", "#", allow: false), Acl("publishClientSend", "a/b", allow: true, priority: 1))], new User("u") { Roles = [new("r", -1)] });

        Assert.True(May(model, "u", UserWish.Send, "a/b"));
        Assert.False(May(model, "u", UserWish.Send, "a/c"));
    }

    [Fact]
    public void Roles_of_the_user_come_before_those_of_groups_and_groups_by_priority()
    {
        var roles = new[] { Role("own", Acl("publishClientSend", "own", allow: true)), Role("first", Acl("publishClientSend", "+", allow: false)), Role("second", Acl("publishClientSend", "#", allow: true)) };
        var model = Model(roles, new User("u") { Roles = [new("own", -1)], Groups = UserForms.Ordered((Membership[])[new("g2", 1), new("g1", 5)]) }) with
        {
            Groups = UserModel.Empty.Groups.Add("g1", new UserGroup("g1") { Roles = [new("first", -1)] }).Add("g2", new UserGroup("g2") { Roles = [new("second", 100)] }),
        };

        Assert.True(May(model, "u", UserWish.Send, "own"));
        Assert.False(May(model, "u", UserWish.Send, "other"));
        Assert.True(May(model, "u", UserWish.Send, "other/deep"));
    }

    [Theory]
    [InlineData("a/#", true)]
    [InlineData("a/b", false)]
    [InlineData("p/#", false)]
    [InlineData("p/+/x", true)]
    [InlineData("p/x", true)]
    [InlineData("#", false)]
    public void Subscribe_literal_means_the_filter_itself_and_pattern_all_within_it(string filter, bool isAllowed)
    {
        var role = Role(
            "r", Acl("subscribeLiteral", "a/#", allow: true), Acl("subscribeLiteral", "p/#", allow: false, priority: -5), Acl("subscribePattern", "p/#", allow: true, priority: 5));

        // The literal ones of a role come first, whatever their priority.
        Assert.Equal(isAllowed, May(Model([role], new User("u") { Roles = [new("r", -1)] }), "u", UserWish.Subscribe, filter));
    }

    [Fact]
    public void Role_without_wildcards_allows_only_filters_without_them()
    {
        var model = Model([Role("r", Acl("subscribePattern", "a/#", allow: true)) with { AllowsWildcards = false }], new User("u") { Roles = [new("r", -1)] });

        Assert.True(May(model, "u", UserWish.Subscribe, "a/b"));
        Assert.False(May(model, "u", UserWish.Subscribe, "a/+"));
    }

    [Fact]
    public void Unsubscribe_has_entries_of_its_own()
    {
        var model = Model([Role("r", Acl("unsubscribePattern", "a/#", allow: false), Acl("unsubscribeLiteral", "a/b", allow: true))], new User("u") { Roles = [new("r", -1)] });

        Assert.True(May(model, "u", UserWish.Unsubscribe, "a/b"));
        Assert.False(May(model, "u", UserWish.Unsubscribe, "a/c"));
        Assert.True(May(model, "u", UserWish.Unsubscribe, "b"));
    }

    [Theory]
    [InlineData("Send", "a", false)]
    [InlineData("Receive", "a", true)]
    [InlineData("Subscribe", "a", false)]
    [InlineData("Unsubscribe", "a", true)]
    [InlineData("Receive", "$CONTROL/dynamic-security/v1/response", false)]
    [InlineData("Unsubscribe", "$CONTROL/x", false)]
    [InlineData("Receive", "$SYS/broker/uptime", false)]
    public void Default_access_holds_where_no_entry_fits_and_never_for_control(string wish, string topic, bool isAllowed)
    {
        Assert.Equal(isAllowed, May(UserModel.Empty, "unknown", Enum.Parse<UserWish>(wish), topic));
        Assert.Equal(isAllowed, May(UserModel.Empty, null, Enum.Parse<UserWish>(wish), topic));
    }

    [Fact]
    public void Default_access_that_allows_all_leaves_out_control_and_guarded_sys()
    {
        var model = UserModel.Empty with { Default = new DefaultAccess(true, true, true, true) };

        Assert.True(May(model, "u", UserWish.Send, "a"));
        Assert.True(May(model, "u", UserWish.Subscribe, "#"));
        Assert.False(May(model, "u", UserWish.Send, "$CONTROL/dynamic-security/v1"));
        Assert.False(May(model, "u", UserWish.Subscribe, "$SYS/#"));
        Assert.True(new UserRights(model, "u", isSysGuarded: false).May(UserWish.Subscribe, "$SYS/#"u8, Subject("u")));
    }

    [Fact]
    public void Anonymous_clients_have_the_roles_of_the_anonymous_group()
    {
        var model = Model([Role("r", Acl("publishClientSend", "open/#", allow: true))]) with { Groups = UserModel.Empty.Groups.Add("guests", new UserGroup("guests") { Roles = [new("r", -1)] }) };

        Assert.False(May(model, null, UserWish.Send, "open/a"));
        Assert.True(May(model with { AnonymousGroup = "guests" }, null, UserWish.Send, "open/a"));
    }

    [Fact]
    public void Names_of_the_client_stand_for_placeholders_but_not_in_literals()
    {
        var role = Role("r", Acl("publishClientSend", "up/%u/%c", allow: true), Acl("subscribePattern", "down/%c/#", allow: true), Acl("subscribeLiteral", "lit/%u", allow: true));
        var model = Model([role], new User("u") { Roles = [new("r", -1)] });

        Assert.True(May(model, "u", UserWish.Send, "up/u/client"));
        Assert.False(May(model, "u", UserWish.Send, "up/v/client"));
        Assert.True(May(model, "u", UserWish.Subscribe, "down/client/+"));
        Assert.False(May(model, "u", UserWish.Subscribe, "down/other/+"));
        Assert.True(May(model, "u", UserWish.Subscribe, "lit/%u"));
        Assert.False(May(model, "u", UserWish.Subscribe, "lit/u"));
    }

    [Fact]
    public void Disabled_user_may_nothing()
    {
        var model = Model([Role("r", Acl("publishClientSend", "#", allow: true))], new User("u") { Roles = [new("r", -1)], IsDisabled = true });

        Assert.False(May(model, "u", UserWish.Send, "a"));
        Assert.False(May(model, "u", UserWish.Receive, "a"));
    }

    [Fact]
    public void Explanation_names_the_role_the_group_and_the_entry()
    {
        var model = Model([Role("sensor", Acl("publishClientSend", "up/#", allow: true))], new User("u") { Groups = [new("devices", -1)] }) with
        {
            Groups = UserModel.Empty.Groups.Add("devices", new UserGroup("devices") { Roles = [new("sensor", -1)] }),
        };
        var rights = new UserRights(model, "u", isSysGuarded: true);

        Assert.Equal("role 'sensor' of group 'devices' has publishClientSend up/# allow", rights.Explain(UserWish.Send, "up/a"u8, Subject("u")).Why);
        Assert.Equal("no role of the user has an entry for it, and the default access denies that", rights.Explain(UserWish.Send, "a"u8, Subject("u")).Why);
    }

    private static bool May(UserModel model, string? userName, UserWish wish, string topic) => new UserRights(model, userName, isSysGuarded: true).May(wish, Encoding.UTF8.GetBytes(topic), Subject(userName));

    private static Subject Subject(string? userName) => new("client", userName, null, "listener");

    private static UserModel Model(Role[] roles, params User[] users) => UserModel.Empty with
    {
        Roles = UserModel.Empty.Roles.AddRange(roles.ToDictionary(role => role.Name)),
        Users = UserModel.Empty.Users.AddRange(users.ToDictionary(user => user.Name)),
    };

    private static Role Role(string name, params RoleAcl[] acls) => new(name) { Acls = UserForms.Ordered(acls) };

    private static RoleAcl Acl(string type, string topic, bool allow, int priority = 0) => RoleAcl.Create(RoleAcl.TypeOf(type)!.Value, topic, priority, allow)!;
}
