using System.Text;
using System.Text.Json.Nodes;
using Avocet.Broker.Security;
using Avocet.Security.Users;
using Xunit;

namespace Avocet.Security.Tests.Users;

/// <summary>The commands, with the answers that Mosquitto 2.0 gives to the same.</summary>
public sealed class UserCommandsTests
{
    [Theory]
    [InlineData("{", """{"command":"Unknown command","error":"Payload not valid JSON"}""")]
    [InlineData("[]", """{"command":"Unknown command","error":"Invalid/missing commands"}""")]
    [InlineData("""{"commands":1}""", """{"command":"Unknown command","error":"Invalid/missing commands"}""")]
    [InlineData("""{"commands":[1]}""", """{"command":"Unknown command","error":"Command not an object"}""")]
    [InlineData("""{"commands":[{"command":3}]}""", """{"command":"Unknown command","error":"Missing command"}""")]
    [InlineData("""{"commands":[{"command":"nope","correlationData":"x"}]}""", """{"command":"nope","error":"Unknown command","correlationData":"x"}""")]
    public void Message_that_holds_no_command_is_refused_as_a_whole(string payload, string answer) => Assert.Equal(answer, Assert.Single(Run(UserModel.Empty, payload, out _)));

    [Theory]
    [InlineData("""{"command":"createClient"}""", "Invalid/missing username")]
    [InlineData("""{"command":"createClient","username":5}""", "Invalid/missing username")]
    [InlineData("""{"command":"createClient","username":"alice"}""", "Client already exists")]
    [InlineData("""{"command":"createClient","username":"new","password":3}""", "Invalid/missing password")]
    [InlineData("""{"command":"createClient","username":"new","clientid":4}""", "Invalid/missing client id")]
    [InlineData("""{"command":"createClient","username":"new","textname":5}""", "Invalid/missing textname")]
    [InlineData("""{"command":"createClient","username":"new","encoded_password":"plain"}""", "Invalid encoded_password: the password is not hashed; 'avocet passwd convert' hashes a file of plain passwords")]
    [InlineData("""{"command":"createClient","username":"new","roles":[{"rolename":"none"}]}""", "Role not found")]
    [InlineData("""{"command":"createClient","username":"new","groups":[{"groupname":"none"}]}""", "Group not found")]
    [InlineData("""{"command":"getClient","username":"none"}""", "Client not found")]
    [InlineData("""{"command":"getClient"}""", "Invalid/missing username")]
    [InlineData("""{"command":"modifyClient","username":"none"}""", "Client not found")]
    [InlineData("""{"command":"modifyClient","username":"alice","roles":[{"rolename":"none"}]}""", "Role not found")]
    [InlineData("""{"command":"setClientPassword","username":"alice"}""", "Invalid/missing password")]
    [InlineData("""{"command":"setClientPassword","username":"alice","password":""}""", "Empty password is not allowed")]
    [InlineData("""{"command":"deleteClient","username":"none"}""", "Client not found")]
    [InlineData("""{"command":"enableClient"}""", "Invalid/missing username")]
    [InlineData("""{"command":"disableClient","username":"none"}""", "Client not found")]
    [InlineData("""{"command":"setClientId","username":"none"}""", "Client not found")]
    [InlineData("""{"command":"addClientRole","username":"alice","rolename":"none"}""", "Role not found")]
    [InlineData("""{"command":"addClientRole","username":"none","rolename":"r"}""", "Client not found")]
    [InlineData("""{"command":"addClientRole","username":"alice"}""", "Invalid/missing rolename")]
    [InlineData("""{"command":"removeClientRole","username":"alice","rolename":"none"}""", "Role not found")]
    [InlineData("""{"command":"createGroup","groupname":"g"}""", "Group already exists")]
    [InlineData("""{"command":"createGroup"}""", "Invalid/missing groupname")]
    [InlineData("""{"command":"createGroup","groupname":"new","roles":[{"rolename":"none"}]}""", "Role not found")]
    [InlineData("""{"command":"deleteGroup","groupname":"none"}""", "Group not found")]
    [InlineData("""{"command":"getGroup","groupname":"none"}""", "Group not found")]
    [InlineData("""{"command":"modifyGroup","groupname":"none"}""", "Group not found")]
    [InlineData("""{"command":"modifyGroup","groupname":"g","clients":[{"username":"none"}]}""", "Client not found")]
    [InlineData("""{"command":"addGroupClient","groupname":"g","username":"alice"}""", "Client is already in this group")]
    [InlineData("""{"command":"addGroupClient","groupname":"g","username":"none"}""", "Client not found")]
    [InlineData("""{"command":"addGroupRole","groupname":"g","rolename":"r"}""", "Group is already in this role")]
    [InlineData("""{"command":"removeGroupClient","groupname":"none","username":"alice"}""", "Group not found")]
    [InlineData("""{"command":"removeGroupRole","groupname":"g","rolename":"none"}""", "Role not found")]
    [InlineData("""{"command":"setAnonymousGroup","groupname":"none"}""", "Group not found")]
    [InlineData("""{"command":"createRole"}""", "Invalid/missing rolename")]
    [InlineData("""{"command":"createRole","rolename":"r"}""", "Role already exists")]
    [InlineData("""{"command":"createRole","rolename":"new","acls":[{"acltype":"nix","topic":"a"}]}""", "Unknown acltype")]
    [InlineData("""{"command":"getRole","rolename":"none"}""", "Role not found")]
    [InlineData("""{"command":"modifyRole","rolename":"none"}""", "Role does not exist")]
    [InlineData("""{"command":"deleteRole","rolename":"none"}""", "Role not found")]
    [InlineData("""{"command":"addRoleACL","rolename":"r","acltype":"publishClientSend","topic":"a","allow":false}""", "ACL with this topic already exists")]
    [InlineData("""{"command":"addRoleACL","rolename":"r","acltype":"nix","topic":"a"}""", "Unknown acltype")]
    [InlineData("""{"command":"addRoleACL","rolename":"r","topic":"a"}""", "Invalid/missing acltype")]
    [InlineData("""{"command":"addRoleACL","rolename":"r","acltype":"publishClientSend"}""", "Invalid/missing topic")]
    [InlineData("""{"command":"addRoleACL","rolename":"r","acltype":"subscribeLiteral","topic":"a+/b"}""", "Invalid ACL topic")]
    [InlineData("""{"command":"removeRoleACL","rolename":"r","acltype":"publishClientSend","topic":"z"}""", "ACL not found")]
    [InlineData("""{"command":"setDefaultACLAccess"}""", "Missing/invalid actions array")]
    public void Command_that_cannot_be_done_is_refused_in_words_and_changes_nothing(string command, string error)
    {
        var answer = JsonNode.Parse(Assert.Single(Run(Given(), $"{{\"commands\":[{command}]}}", out var edit)))!;

        Assert.Equal(error, (string?)answer["error"]);
        Assert.Same(Given(), edit.Model);
    }

    [Theory]
    [InlineData("""{"command":"getClient","username":"alice"}""", """{"client":{"username":"alice","clientid":"c","textname":"Alice","disabled":true,"roles":[{"rolename":"r","priority":2}],"groups":[{"groupname":"g","priority":3}]}}""")]
    [InlineData("""{"command":"listClients"}""", """{"totalCount":2,"clients":["alice","bob"]}""")]
    [InlineData("""{"command":"LISTCLIENTS","count":1,"offset":1,"verbose":true}""", """{"totalCount":2,"clients":[{"username":"bob","roles":[],"groups":[]}]}""")]
    [InlineData("""{"command":"listClients","count":-1}""", """{"totalCount":2,"clients":["alice","bob"]}""")]
    [InlineData("""{"command":"getGroup","groupname":"g"}""", """{"group":{"groupname":"g","clients":[{"username":"alice"}],"roles":[{"rolename":"r"}]}}""")]
    [InlineData("""{"command":"listGroups","verbose":true}""", """{"totalCount":1,"groups":[{"groupname":"g","clients":[{"username":"alice"}],"roles":[{"rolename":"r"}]}]}""")]
    [InlineData("""{"command":"getRole","rolename":"r"}""", """{"role":{"rolename":"r","acls":[{"acltype":"publishClientSend","topic":"z/#","priority":7,"allow":true},{"acltype":"publishClientSend","topic":"a","priority":0,"allow":true},{"acltype":"subscribeLiteral","topic":"a/#","priority":9,"allow":false}]}}""")]
    [InlineData("""{"command":"listRoles"}""", """{"totalCount":1,"roles":["r"]}""")]
    [InlineData("""{"command":"getAnonymousGroup"}""", """{"group":{"groupname":""}}""")]
    [InlineData("""{"command":"getDefaultACLAccess"}""", """{"acls":[{"acltype":"publishClientSend","allow":false},{"acltype":"publishClientReceive","allow":true},{"acltype":"subscribe","allow":false},{"acltype":"unsubscribe","allow":true}]}""")]
    [InlineData("""{"command":"getDetails"}""", """{"clientCount":2,"groupCount":1,"roleCount":1}""")]
    public void Question_is_answered_as_Mosquitto_does(string command, string data)
    {
        var answer = JsonNode.Parse(Assert.Single(Run(Given(), $"{{\"commands\":[{command}]}}", out var edit)))!;

        Assert.Equal(data, answer["data"]!.ToJsonString());
        Assert.Same(Given(), edit.Model);
    }

    [Fact]
    public void Commands_of_one_message_see_what_those_before_them_did()
    {
        var answers = Run(
            UserModel.Empty,
            """
            {"commands":[{"command":"createRole","rolename":"r"},{"command":"createRole","rolename":"r"},{"command":"createGroup","groupname":"g","roles":[{"rolename":"r"}]},
            {"command":"createClient","username":"u","groups":[{"groupname":"g"}]},{"command":"setAnonymousGroup","groupname":"g"},{"command":"deleteGroup","groupname":"g"},
            {"command":"deleteRole","rolename":"r"},{"command":"setDefaultACLAccess","acls":[{"acltype":"subscribe","allow":true}]}]}
            """,
            out var edit);

        Assert.Equal("""{"command":"createRole","error":"Role already exists"}""", answers[1]);
        Assert.All(answers.Where((_, i) => i != 1), answer => Assert.DoesNotContain("error", answer, StringComparison.Ordinal));
        Assert.Equal((1, 0, 0), (edit.Model.Users.Count, edit.Model.Groups.Count, edit.Model.Roles.Count));
        Assert.Empty(edit.Model.Users["u"].Groups);
        Assert.Equal("", edit.Model.AnonymousGroup);
        Assert.True(edit.Model.Default.Subscribe);
    }

    [Fact]
    public void Message_beyond_the_limits_is_refused()
    {
        var many = string.Join(',', Enumerable.Repeat("""{"command":"getDetails"}""", UserLimits.CommandsMax + 1));
        Assert.Contains("More than 1000 commands", Assert.Single(Run(UserModel.Empty, $"{{\"commands\":[{many}]}}", out _)), StringComparison.Ordinal);
        Assert.Contains("more than 1048576 bytes", Assert.Single(Run(UserModel.Empty, new string(' ', UserLimits.RequestBytesMax + 1), out _)), StringComparison.Ordinal);
        Assert.Contains("Invalid/missing username", Assert.Single(Run(UserModel.Empty, $$"""{"commands":[{"command":"createClient","username":"{{new string('u', 1025)}}"}]}""", out _)), StringComparison.Ordinal);

        var passwords = string.Join(',', Enumerable.Range(0, UserLimits.PasswordsMax + 1).Select(i => $$"""{"command":"createClient","username":"u{{i}}","password":"p"}"""));
        Assert.Contains("More than 32 passwords in one message", Run(UserModel.Empty, $"{{\"commands\":[{passwords}]}}", out _)[^1], StringComparison.Ordinal);

        var acls = string.Join(',', Enumerable.Range(0, UserLimits.AclsMax + 1).Select(i => $$"""{"acltype":"publishClientSend","topic":"t{{i}}","allow":true}"""));
        Assert.Contains("More than 1000 ACLs", Assert.Single(Run(UserModel.Empty, $$"""{"commands":[{"command":"createRole","rolename":"r","acls":[{{acls}}]}]}""", out _)), StringComparison.Ordinal);
    }

    private static readonly UserModel Known = UserModel.Empty with
    {
        Roles = UserModel.Empty.Roles.Add("r", new Role("r")
        {
            Acls =
            [
                RoleAcl.Create(RoleAclType.SubscribeLiteral, "a/#", 9, isAllowed: false)!,
                RoleAcl.Create(RoleAclType.PublishClientSend, "z/#", 7, isAllowed: true)!,
                RoleAcl.Create(RoleAclType.PublishClientSend, "a", 0, isAllowed: true)!,
            ],
        }),
        Groups = UserModel.Empty.Groups.Add("g", new UserGroup("g") { Roles = [new("r", -1)] }),
        Users = UserModel.Empty.Users
            .Add("alice", new User("alice") { ClientId = "c", TextName = "Alice", IsDisabled = true, Roles = [new("r", 2)], Groups = [new("g", 3)] })
            .Add("bob", new User("bob")),
    };

    private static UserModel Given() => Known;

    private static List<string> Run(UserModel model, string payload, out UserEdit edit)
    {
        edit = new UserEdit(model);
        var request = UserRequest.Parse(Encoding.UTF8.GetBytes(payload));
        var answers = request.Execute(edit, _ => Array.Empty<ClientIdentity>().ToLookup(client => client.ClientId));
        return [.. JsonNode.Parse(request.Write(answers, null))!["responses"]!.AsArray().Select(answer => answer!.ToJsonString())];
    }
}
