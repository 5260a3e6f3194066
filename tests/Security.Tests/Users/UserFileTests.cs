using System.Text;
using Avocet.Security.Users;
using Xunit;

namespace Avocet.Security.Tests.Users;

/// <summary>Mosquitto's <c>dynamic-security.json</c>.</summary>
public sealed class UserFileTests
{
    /// <summary>As Mosquitto 2.0 writes it, its <c>textName</c> included.</summary>
    private const string File = """
        {
          "clients": [
            {"username": "admin", "textName": "Dynsec admin user", "password": "TdufoUVYK8HNrfaT8HwgT/tlSqYBz7e301w3gZw+dyHjB2/zBFKd4jqblYGUMHd3aZwBiUN5JtPpODbYLFL5pg==",
             "salt": "sZU+a18KWT2mjK5O", "iterations": 101, "roles": [{"rolename": "admin"}]},
            {"username": "bob", "clientid": "c1", "disabled": true, "encoded_password": "$7$101$sZU+a18KWT2mjK5O$TdufoUVYK8HNrfaT8HwgT/tlSqYBz7e301w3gZw+dyHjB2/zBFKd4jqblYGUMHd3aZwBiUN5JtPpODbYLFL5pg==", "roles": []}
          ],
          "groups": [{"groupname": "g", "roles": [{"rolename": "admin", "priority": 3}], "clients": [{"username": "bob", "priority": 7}]}],
          "roles": [{"rolename": "admin", "allowwildcardsubs": false, "acls": [{"acltype": "publishClientSend", "topic": "$CONTROL/dynamic-security/#", "priority": 0, "allow": true}]}],
          "anonymousGroup": "g",
          "defaultACLAccess": {"publishClientSend": true, "publishClientReceive": true, "subscribe": false, "unsubscribe": true}
        }
        """;

    [Fact]
    public void File_is_read_in_full()
    {
        var model = UserFile.Parse("f", Encoding.UTF8.GetBytes(File));

        var admin = model.Users["admin"];
        Assert.Equal("Dynsec admin user", admin.TextName);
        Assert.True(admin.Password!.Verify("admin"u8));
        Assert.Equal([new Membership("admin", -1)], admin.Roles);
        var bob = model.Users["bob"];
        Assert.True(bob is { IsDisabled: true, ClientId: "c1" });
        Assert.True(bob.Password!.Verify("admin"u8));
        Assert.Equal([new Membership("g", 7)], bob.Groups);
        Assert.Equal([new Membership("admin", 3)], model.Groups["g"].Roles);
        Assert.False(model.Roles["admin"].AllowsWildcards);
        Assert.Equal("publishClientSend $CONTROL/dynamic-security/# allow", Assert.Single(model.Roles["admin"].Acls).ToString());
        Assert.Equal("g", model.AnonymousGroup);
        Assert.Equal(new DefaultAccess(true, true, false, true), model.Default);
    }

    [Fact]
    public void File_that_was_written_is_read_as_the_same()
    {
        var written = UserFile.Write(UserFile.Parse("f", Encoding.UTF8.GetBytes(File)));

        Assert.Equal(Encoding.UTF8.GetString(written), Encoding.UTF8.GetString(UserFile.Write(UserFile.Parse("f", written))));
        // What Mosquitto 2.0 reads of a password is there too.
        Assert.Contains("\"salt\": \"sZU+a18KWT2mjK5O\"", Encoding.UTF8.GetString(written), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "f: line 1: ")]
    [InlineData("{\n\"clients\": 3}", "f: line 2: $.clients is not what")]
    [InlineData("""{"clients": [{"username": "a"}, {"username": "a"}]}""", "f: user 'a' is there twice.")]
    [InlineData("""{"clients": [{"password": "a"}]}""", "f: a user has no name")]
    [InlineData("""{"clients": [{"username": "a", "roles": [{"rolename": "r"}]}]}""", "f: user 'a' has role 'r', which is none of the roles.")]
    [InlineData("""{"clients": [{"username": "a", "password": "x", "salt": "y"}]}""", "f: user 'a': the salt is not base64")]
    [InlineData("""{"roles": [{"rolename": "r", "acls": [{"acltype": "publish", "topic": "a"}]}]}""", "f: role 'r': acltype 'publish' is none of publishClientSend, ")]
    [InlineData("""{"roles": [{"rolename": "r", "acls": [{"acltype": "subscribePattern", "topic": "a#"}]}]}""", "f: role 'r': 'a#' is not a topic filter.")]
    [InlineData("""{"anonymousGroup": "g"}""", "f: anonymousGroup 'g' is none of the groups.")]
    public void File_that_is_wrong_is_refused_with_its_name_and_the_reason(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<SecurityFileException>(() => UserFile.Parse("f", Encoding.UTF8.GetBytes(text))).Message, StringComparison.Ordinal);
}
