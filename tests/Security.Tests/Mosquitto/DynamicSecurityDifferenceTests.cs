using System.Text;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Security.Tests.Mosquitto;

/// <summary>The same commands to our process and to Debian's Mosquitto with its dynamic security plugin: what the tool prints, and who may what, must be the same.</summary>
public sealed class DynamicSecurityDifferenceTests : IDisposable
{
    private static readonly string[] Commands =
    [
        "getDefaultACLAccess", "listClients", "listGroups", "listRoles", "getAnonymousGroup", "getRole admin", "getClient admin",
        "createRole sensor", "createRole sensor", "createRole reader", "createRole barred", "createRole open",
        "addRoleACL sensor publishClientSend up/# allow 5", "addRoleACL sensor publishClientSend up/secret deny 9", "addRoleACL sensor publishClientSend up/# allow 5",
        "addRoleACL reader subscribePattern down/# allow", "addRoleACL reader subscribeLiteral exact/# allow", "addRoleACL reader subscribePattern down/secret/# deny 3",
        "addRoleACL reader unsubscribePattern # allow", "addRoleACL barred publishClientSend # deny", "addRoleACL barred subscribePattern # deny", "addRoleACL open publishClientSend open/+ allow",
        "addRoleACL open publishClientReceive open/hidden deny", "addRoleACL open subscribePattern open/+ allow", "addRoleACL none publishClientSend a allow", "addRoleACL open publishClientSend a/#/b allow",
        "createClient alice -p first", "createClient alice -p first", "createClient bob -p first -c bobs-client", "createClient carol -p first", "createClient dave -p first",
        "addClientRole alice sensor 3", "addClientRole alice reader 1", "addClientRole nobody sensor", "addClientRole alice none", "getClient alice", "getClient nobody",
        "createGroup staff", "createGroup staff", "createGroup guests", "addGroupRole staff sensor 2", "addGroupRole staff barred 1", "addGroupRole staff barred 1", "addGroupRole guests open 4",
        "addGroupClient staff bob 5", "addGroupClient staff bob 5", "addGroupClient guests bob 9", "addGroupClient guests carol", "addGroupClient none carol", "getClient bob", "getGroup staff", "getGroup none",
        "setAnonymousGroup guests", "getAnonymousGroup", "disableClient dave", "getClient dave", "listClients", "listClients 2 1", "listRoles 1", "listGroups 1 1", "getRole reader", "getRole none",
        "setClientPassword nobody x", "setClientId nobody x", "deleteClient nobody", "deleteGroup none", "deleteRole none", "removeRoleACL reader subscribePattern nix",
    ];

    /// <summary>What comes after the first look at who may what.</summary>
    private static readonly string[] Changes =
    [
        "setDefaultACLAccess publishClientSend allow", "getDefaultACLAccess", "removeRoleACL sensor publishClientSend up/secret", "removeGroupRole staff sensor",
        "removeClientRole alice reader", "setClientId bob", "setClientPassword carol second", "enableClient dave", "removeGroupClient guests bob", "getClient bob", "getGroup guests", "deleteRole barred", "getGroup staff",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Output_of_the_tool_and_effects_are_those_of_Mosquitto()
    {
        await using var ours = await MosquittoControl.StartAvocetAsync(_folder, "allow_anonymous true");
        await using var theirs = await MosquittoControl.StartMosquittoAsync(_folder, "allow_anonymous true");

        await CompareAsync(Commands, ours, theirs);
        Assert.Equal(await LookAsync(theirs), await LookAsync(ours));
        foreach (var server in new[] { ours, theirs })
        {
            await server.SetDefaultAsync("publishClientSend", allow: true);
            await server.SetDefaultAsync("subscribe", allow: true);
        }

        await CompareAsync(Changes, ours, theirs);
        Assert.Equal(await LookAsync(theirs), await LookAsync(ours));
    }

    private static async Task CompareAsync(string[] commands, MosquittoControl ours, MosquittoControl theirs)
    {
        foreach (var command in commands)
        {
            var words = command.Split(' ');
            var (expected, actual) = (await theirs.TryAsync(words), await ours.TryAsync(words));
            Assert.True(expected == actual, $"dynsec {command}\nMosquitto: {expected.Code}\n{expected.Output}\nAvocet: {actual.Code}\n{actual.Output}");
        }
    }

    /// <summary>Who may publish and subscribe where, a line each.</summary>
    private static async Task<string> LookAsync(MosquittoControl server)
    {
        var seen = new StringBuilder();
        foreach (var (user, password, more) in new[] { ("alice", "first", Array.Empty<string>()), ("bob", "first", ["-i", "bobs-client"]), ("bob", "first", []), ("carol", "first", []), ("carol", "second", []), ("dave", "first", []), (null, "", []) })
        {
            foreach (var topic in new[] { "up/a", "up/secret", "down/a", "open/a", "open/hidden", "$CONTROL/dynamic-security/v1" })
            {
                seen.AppendLine($"{user} {password} {more.Length} publish {topic}: {await server.MayPublishAsync(user, password, topic, [.. more, "-r"])}");
            }

            foreach (var filter in new[] { "down/a", "down/secret/x", "down/#", "exact/#", "exact/a", "open/+", "#", "$CONTROL/#" })
            {
                seen.AppendLine($"{user} {password} {more.Length} subscribe {filter}: {await server.MaySubscribeAsync(user, password, filter, more)}");
            }
        }

        // The retained message of a topic is there, and whoever may not receive it waits in vain.
        foreach (var topic in new[] { "open/a", "open/hidden" })
        {
            seen.AppendLine($"anonymous receives {topic}: {await server.MayAsync("mosquitto_sub", null, "", "-t", topic, "-C", "1", "-W", "2")}");
        }

        return seen.ToString();
    }
}
