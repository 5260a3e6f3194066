using System.Text;
using System.Text.Json.Nodes;
using Avocet.Broker;
using Avocet.Broker.Storage;
using Avocet.Protocol;
using Avocet.Security.Passwords;
using Avocet.Security.Users;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Avocet.Security.Tests.Users;

/// <summary>The database of users in a broker: who is let in, what changes do to live clients, and what the store keeps.</summary>
public sealed class UserDatabaseTests : IDisposable
{
    private const string Control = "$CONTROL/dynamic-security/v1";

    // Quick to check, unlike those that the database makes.
    private static readonly string Secret = PasswordHash.Create(PasswordAlgorithm.Pbkdf2Sha512, new HashCost(101), "secret"u8).ToString();
    private static readonly string Other = PasswordHash.Create(PasswordAlgorithm.Pbkdf2Sha512, new HashCost(101), "other"u8).ToString();
    private static readonly string Hash = $"\"encoded_password\":\"{Secret}\"";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory, BothVersions]
    public async Task Connect_is_judged_by_the_database(ProtocolVersion version)
    {
        await using var setup = await SetUpAsync();
        await setup.RunAsync($$"""{"command":"createClient","username":"bound","clientid":"this",{{Hash}}},{"command":"createClient","username":"off","disabled":true,{{Hash}}},{"command":"createClient","username":"bare"}""");

        await setup.Broker.ConnectAsync(Given.Client("this").Version(version).UserName("bound").Password("secret"));
        foreach (var (client, user, password) in new[] { ("that", "bound", "secret"), ("this", "bound", "wrong"), ("a", "off", "secret"), ("a", "bare", "secret"), ("a", "nobody", "secret") })
        {
            var refused = await setup.Broker.OpenAsync(Given.Client(client).Version(version).UserName(user).Password(password));
            await refused.ExpectRefusalAsync(ReasonCode.BadUserNameOrPassword);
        }
    }

    [Fact]
    public async Task Connect_of_a_user_without_a_password_is_left_to_the_next_authenticator()
    {
        var passwords = _folder.Write("passwords", $"bare:{Secret}\noff:{Secret}\nelse:{Secret}\n");
        await using var setup = await SetUpAsync(new SecurityOptions { PasswordFile = passwords });
        await setup.RunAsync("""{"command":"createRole","rolename":"r","acls":[{"acltype":"publishClientSend","topic":"a","allow":true}]},{"command":"createClient","username":"bare","roles":[{"rolename":"r"}]},{"command":"createClient","username":"off","disabled":true}""");

        var bare = await setup.Broker.ConnectAsync(Given.Client("bare").UserName("bare").Password("secret"));
        await bare.SendAsync(Given.Publish("a").Payload("x").Qos1(1));
        await bare.ExpectAsync(Given.Puback(1, ReasonCode.NoMatchingSubscribers));

        // Nobody else lets in whom the database has disabled, and whom it does not know has the default access.
        var off = await setup.Broker.OpenAsync(Given.Client("off").UserName("off").Password("secret"));
        await off.ExpectRefusalAsync(ReasonCode.NotAuthorized);
        var other = await setup.Broker.ConnectAsync(Given.Client("else").UserName("else").Password("secret"));
        await other.SendAsync(Given.Publish("a").Payload("x").Qos1(1));
        await other.ExpectAsync(Given.Puback(1, ReasonCode.NotAuthorized));
    }

    [Fact]
    public async Task Change_of_a_role_counts_at_once_for_publish_subscribe_and_delivery()
    {
        await using var setup = await SetUpAsync();
        await setup.RunAsync($$"""{"command":"createRole","rolename":"r","acls":[{"acltype":"publishClientSend","topic":"a","allow":true},{"acltype":"subscribePattern","topic":"#","allow":true}]},{"command":"createClient","username":"alice",{{Hash}},"roles":[{"rolename":"r"}]}""");
        var alice = await setup.Broker.ConnectAsync(Given.Client("alice").UserName("alice").Password("secret").Subscribed("#"));
        await alice.SendAsync(Given.Publish("a").Payload("1").Qos1(1));
        await alice.ExpectAsync(Given.Publish("a").Payload("1"));
        await alice.ExpectAsync(Given.Puback(1, ReasonCode.Success));

        await setup.RunAsync("""{"command":"addRoleACL","rolename":"r","acltype":"publishClientReceive","topic":"a","allow":false,"priority":1}""");
        await alice.SendAsync(Given.Publish("a").Payload("2").Qos1(2));
        await alice.ExpectAsync(Given.Puback(2, ReasonCode.Success));
        await setup.RunAsync("""{"command":"removeClientRole","username":"alice","rolename":"r"}""");
        await alice.SendAsync(Given.Publish("a").Payload("3").Qos1(3));
        await alice.ExpectAsync(Given.Puback(3, ReasonCode.NotAuthorized));
        await alice.SendAsync(Given.Subscribe(4).Filter("b"));
        await alice.ExpectAsync(Given.Suback(4, ReasonCode.NotAuthorized));
    }

    [Fact]
    public async Task Unsubscribe_is_refused_where_an_entry_denies_it()
    {
        await using var setup = await SetUpAsync();
        await setup.RunAsync($$"""{"command":"createRole","rolename":"r","acls":[{"acltype":"subscribePattern","topic":"#","allow":true},{"acltype":"unsubscribeLiteral","topic":"keep","allow":false}]},{"command":"createClient","username":"alice",{{Hash}},"roles":[{"rolename":"r"}]}""");
        var alice = await setup.Broker.ConnectAsync(Given.Client("alice").UserName("alice").Password("secret").Subscribed("keep").Subscribed("drop"));

        await alice.SendAsync(Given.Unsubscribe(1).Filter("keep").Filter("drop"));

        await alice.ExpectAsync(Given.Unsuback(1, ReasonCode.NotAuthorized, ReasonCode.Success));
    }

    [Fact]
    public async Task Retained_message_that_may_not_be_received_is_not_replayed()
    {
        await using var setup = await SetUpAsync();
        await setup.RunAsync($$"""{"command":"createRole","rolename":"r","acls":[{"acltype":"publishClientSend","topic":"#","allow":true},{"acltype":"subscribePattern","topic":"#","allow":true},{"acltype":"publishClientReceive","topic":"secret","allow":false}]},{"command":"createClient","username":"alice",{{Hash}},"roles":[{"rolename":"r"}]}""");
        var alice = await setup.Broker.ConnectAsync(Given.Client("alice").UserName("alice").Password("secret"));
        await alice.SendAsync(Given.Publish("secret").Payload("1").Retain());
        await alice.SendAsync(Given.Publish("public").Payload("2").Retain());

        await alice.SendAsync(Given.Subscribe(1).Filter("+"));

        await alice.ExpectAsync(Given.Suback(1, ReasonCode.Success));
        await alice.ExpectAsync(Given.Publish("public").Payload("2").Retain());
        await alice.ExpectNothingAsync();
    }

    [Theory]
    [InlineData("""{"command":"deleteClient","username":"alice"}""")]
    [InlineData("""{"command":"disableClient","username":"alice"}""")]
    [InlineData("""{"command":"modifyClient","username":"alice","disabled":true}""")]
    [InlineData("""{"command":"setClientId","username":"alice","clientid":"other"}""")]
    [InlineData("""{"command":"setClientPassword","username":"alice","encoded_password":"OTHER"}""")]
    public async Task User_that_is_gone_disabled_or_has_another_password_is_disconnected(string command)
    {
        await using var setup = await SetUpAsync();
        await setup.RunAsync($$"""{"command":"createClient","username":"alice",{{Hash}}},{"command":"createClient","username":"bob",{{Hash}}}""");
        var alice = await setup.Broker.ConnectAsync(Given.Client("alice").UserName("alice").Password("secret"));
        var bob = await setup.Broker.ConnectAsync(Given.Client("bob").UserName("bob").Password("secret"));

        await setup.RunAsync(command.Replace("OTHER", Other, StringComparison.Ordinal));

        await alice.ExpectDisconnectAsync(ReasonCode.NotAuthorized);
        await bob.ExpectNothingAsync();
    }

    [Fact]
    public async Task Administrator_that_deletes_itself_is_answered_and_then_disconnected()
    {
        await using var setup = await SetUpAsync();

        await setup.Admin.SendAsync(Given.Publish(Control).Payload("""{"commands":[{"command":"deleteClient","username":"admin"}]}"""));

        await setup.Admin.ExpectAsync(Given.Publish(Control + "/response").Payload("""{"responses":[{"command":"deleteClient"}]}"""));
        await setup.Admin.ExpectDisconnectAsync(ReasonCode.NotAuthorized);
    }

    [Fact]
    public async Task Command_is_answered_to_who_asks_only_and_acknowledged_when_done()
    {
        await using var setup = await SetUpAsync();
        var second = await setup.Broker.ConnectAsync(Given.Client("second").UserName("admin").Password("secret").Subscribed("$CONTROL/dynamic-security/#"));

        await setup.Admin.SendAsync(Given.Publish(Control).Payload("""{"commands":[{"command":"createClient","username":"x","correlationData":"c"}]}""").Qos2(7));

        await setup.Admin.ExpectAsync(Given.Pubrec(7));
        await setup.Admin.ExpectAsync(Given.Publish(Control + "/response").Payload("""{"responses":[{"command":"createClient","correlationData":"c"}]}"""));
        await second.ExpectNothingAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Command_of_who_has_no_right_by_a_role_is_refused(bool isDefaultOpen)
    {
        await using var setup = await SetUpAsync();
        await setup.RunAsync($$"""{"command":"createClient","username":"alice",{{Hash}}}""");
        if (isDefaultOpen) await setup.RunAsync("""{"command":"setDefaultACLAccess","acls":[{"acltype":"publishClientSend","allow":true},{"acltype":"subscribe","allow":true}]}""");
        var alice = await setup.Broker.ConnectAsync(Given.Client("alice").UserName("alice").Password("secret"));
        var anonymous = await setup.Broker.ConnectAsync(Given.Client("anonymous"));

        foreach (var client in new[] { alice, anonymous })
        {
            await client.SendAsync(Given.Publish(Control).Payload("""{"commands":[{"command":"deleteClient","username":"admin"}]}""").Qos1(1));
            await client.ExpectAsync(Given.Puback(1, ReasonCode.NotAuthorized));
            await client.SendAsync(Given.Subscribe(2).Filter("$CONTROL/#"));
            await client.ExpectAsync(Given.Suback(2, ReasonCode.NotAuthorized));
        }

        Assert.Contains("admin", await setup.RunAsync("""{"command":"listClients"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_survives_the_broker_that_answered_it()
    {
        var content = new MemoryStore();
        await using (var setup = await SetUpAsync(store: new TestStore(content)))
        {
            await setup.RunAsync($$"""{"command":"createRole","rolename":"r","acls":[{"acltype":"publishClientSend","topic":"a","allow":true}]},{"command":"createGroup","groupname":"g","roles":[{"rolename":"r"}]},{"command":"createClient","username":"alice",{{Hash}},"groups":[{"groupname":"g","priority":3}]},{"command":"setAnonymousGroup","groupname":"g"}""");
            Assert.True(setup.Store!.Syncs[^1]);
            // From here on nothing arrives, as after kill -9.
            setup.Store.IsCutOff = true;
        }

        await using var again = await SetUpAsync(store: new TestStore(content));
        var alice = await again.Broker.ConnectAsync(Given.Client("alice").UserName("alice").Password("secret"));
        await alice.SendAsync(Given.Publish("a").Payload("x").Qos1(1));
        await alice.ExpectAsync(Given.Puback(1, ReasonCode.NoMatchingSubscribers));
        Assert.Contains("\"groupname\":\"g\",\"priority\":3", await again.RunAsync("""{"command":"getClient","username":"alice"}"""), StringComparison.Ordinal);
        Assert.Contains("\"groupname\":\"g\"", await again.RunAsync("""{"command":"getAnonymousGroup"}"""), StringComparison.Ordinal);
        await again.RunAsync("""{"command":"deleteRole","rolename":"r"},{"command":"deleteGroup","groupname":"g"}""");

        await using var last = await SetUpAsync(store: new TestStore(content));
        Assert.DoesNotContain("\"g\"", await last.RunAsync("""{"command":"getClient","username":"alice"},{"command":"listGroups"},{"command":"listRoles"},{"command":"getAnonymousGroup"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_that_cannot_be_kept_is_refused_and_does_not_count()
    {
        var content = new MemoryStore();
        await using (var setup = await SetUpAsync(store: new TestStore(content), allowsErrors: true))
        {
            setup.Store!.Failure = new StoreException(StoreFault.Full, "There is no space left.");
            var answer = await setup.AskAsync($$"""{"command":"createClient","username":"alice",{{Hash}}},{"command":"createRole","rolename":"r"},{"command":"getClient","username":"admin"}""");
            Assert.Equal("Not kept: There is no space left.", (string?)answer[0]!["error"]);
            Assert.Equal("Not kept: There is no space left.", (string?)answer[1]!["error"]);
            Assert.Null(answer[2]!["error"]);
            var refused = await setup.Broker.OpenAsync(Given.Client("alice").UserName("alice").Password("secret"));
            await refused.ExpectRefusalAsync(ReasonCode.BadUserNameOrPassword);

            setup.Store.Failure = null;
            await setup.Broker.AdvanceAsync(2);
            await setup.RunAsync("""{"command":"createRole","rolename":"later"}""");
        }

        await using var again = await SetUpAsync(store: new TestStore(content));
        Assert.Equal("""["later"]""", (await again.AskAsync("""{"command":"listRoles"}"""))[0]!["data"]!["roles"]!.ToJsonString().Replace("\"admin\",", "", StringComparison.Ordinal));
        Assert.DoesNotContain("alice", await again.RunAsync("""{"command":"listClients"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_record_stops_the_start_and_says_which()
    {
        var content = new MemoryStore();
        await using (await SetUpAsync(store: new TestStore(content)))
        {
            var batch = new StoreBatch();
            batch.Put(StoreTable.Users, "ualice"u8, "{\"username\":\"bob\"}"u8);
            content.Commit(batch, sync: true);
        }

        var error = await Assert.ThrowsAsync<StoreException>(() => SetUpAsync(store: new TestStore(content)));

        Assert.Contains("(ualice) names 'bob'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Live_connections_are_shown_with_their_user()
    {
        await using var setup = await SetUpAsync();

        var admin = (await setup.AskAsync("""{"command":"getClient","username":"admin"}"""))[0]!["data"]!["client"]!;

        Assert.NotNull(Assert.Single(admin["connections"]!.AsArray())!["address"]);
        Assert.Null(admin["encoded_password"]);
    }

    private async Task<Setup> SetUpAsync(SecurityOptions? options = null, TestStore? store = null, bool allowsErrors = false)
    {
        var file = _folder.Write("first.json", Encoding.UTF8.GetString(UserFile.Write(FirstUsers.Create("admin", "unused"))));
        var services = new BrokerServices { LoggerFactory = NullLoggerFactory.Instance, Store = store };
        var security = new BrokerSecurity((options ?? new SecurityOptions()) with { UsersFile = file }, services);
        var broker = new TestBroker(services: security.AddTo(services)) { AllowsErrors = allowsErrors };
        try
        {
            security.Attach(broker.Broker);
            // The administrator's password is one that is quick to check.
            _folder.Write("first.json", System.Text.RegularExpressions.Regex.Replace(await File.ReadAllTextAsync(file), "\"encoded_password\": \"[^\"]*\"", _ => Hash));
            await security.StartAsync("");
            var admin = await broker.ConnectAsync(Given.Client("admin").UserName("admin").Password("secret"));
            return new Setup(broker, security, admin, store);
        }
        catch
        {
            await broker.DisposeAsync();
            security.Dispose();
            throw;
        }
    }

    private sealed class Setup(TestBroker broker, BrokerSecurity security, TestPeer admin, TestStore? store) : IAsyncDisposable
    {
        public TestBroker Broker => broker;

        public TestPeer Admin => admin;

        public TestStore? Store => store;

        public async Task<JsonArray> AskAsync(string commands)
        {
            await admin.SendAsync(Given.Publish(Control).Payload($"{{\"commands\":[{commands}]}}"));
            var answer = await admin.ReadPacketAsync(PacketType.Publish);
            return JsonNode.Parse(answer.PayloadText)!["responses"]!.AsArray();
        }

        /// <summary>Commands that must succeed.</summary>
        public async Task<string> RunAsync(string commands)
        {
            var answers = await AskAsync(commands);
            Assert.All(answers, answer => Assert.Null((string?)answer!["error"]));
            return answers.ToJsonString();
        }

        public async ValueTask DisposeAsync()
        {
            await broker.DisposeAsync();
            security.Dispose();
        }
    }
}
