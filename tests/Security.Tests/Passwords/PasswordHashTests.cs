using System.Text;
using Avocet.Security.Passwords;
using Xunit;

namespace Avocet.Security.Tests.Passwords;

public sealed class PasswordHashTests
{
    /// <summary>The first of mosquitto_passwd 2.0.11, the others of the reference implementation of argon2; the password is "secret".</summary>
    public static TheoryData<string> Foreign =>
    [
        "$7$101$97yftkAlt00d0TDa$i5iWTC2iEE0vzKOdRJ4B9Rhpou1iIwIKP0fPqdp7JYezg9S7qhQkc0sC6t5CFgHgIBI386BMQKVnbAIE7m+bgA==",
        "$argon2id$v=19$m=256,t=2,p=2$c2FsdHNhbHQ$u0+Ztp+R9R0V7ErSIf5E+WG7/+CQF0cZwcwd99I7nC8",
        "$argon2id$v=19$m=47104,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg"
            + "$0nGWzMjUf6oZ8fu++KVWZ307KBwF+7muwVYQDW8cuHnSmGdMHDscax04wks4UJxdtWjhb6cn4MM+XUREOEBN/Q",
    ];

    [Theory, MemberData(nameof(Foreign))]
    public void Hash_of_another_program_knows_its_password(string text)
    {
        Assert.True(PasswordHash.TryParse(text, out var hash, out _));

        Assert.True(hash.Verify("secret"u8));
        Assert.False(hash.Verify("Secret"u8));
        Assert.False(hash.Verify(""u8));
        Assert.Equal(text, hash.ToString());
    }

    [Theory]
    [InlineData("Sha512", "$6$")]
    [InlineData("Pbkdf2Sha512", "$7$210000$")]
    [InlineData("Argon2id", "$argon2id$v=19$m=47104,t=1,p=1$")]
    public void New_hash_can_be_read_again_and_has_a_salt_of_its_own(string name, string prefix)
    {
        var algorithm = Enum.Parse<PasswordAlgorithm>(name);
        var password = Encoding.UTF8.GetBytes("päss wörd:$7$");
        var hash = PasswordHash.Create(algorithm, password);

        Assert.StartsWith(prefix, hash.ToString(), StringComparison.Ordinal);
        Assert.True(PasswordHash.TryParse(hash.ToString(), out var again, out _));
        Assert.True(again.Verify(password));
        Assert.NotEqual(hash.ToString(), PasswordHash.Create(algorithm, password).ToString());
    }

    [Theory]
    [InlineData("secret", "not hashed")]
    [InlineData("", "not hashed")]
    [InlineData("$5$abc$def", "$5$ is not known")]
    [InlineData("$7$0$c2FsdHNhbHQ=$aGFzaGhhc2hoYXNoaGFzaA==", "iterations")]
    [InlineData("$7$99999999999$c2FsdHNhbHQ=$aGFzaGhhc2hoYXNoaGFzaA==", "iterations")]
    [InlineData("$7$101$!$aGFzaGhhc2hoYXNoaGFzaA==", "salt")]
    [InlineData("$7$101$c2FsdHNhbHQ=$!", "hash")]
    [InlineData("$6$c2FsdHNhbHQ=$aGFzaGhhc2hoYXNoaGFzaA==", "64 bytes")]
    [InlineData("$argon2i$v=19$m=256,t=2,p=2$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA", "argon2id is")]
    [InlineData("$argon2id$v=16$m=256,t=2,p=2$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA", "v=19")]
    [InlineData("$argon2id$v=19$m=999999999,t=2,p=2$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA", "cost")]
    [InlineData("$argon2id$v=19$t=2,m=256,p=2$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA", "cost")]
    public void Text_that_is_no_hash_is_refused_with_the_reason(string text, string reason)
    {
        Assert.False(PasswordHash.TryParse(text, out _, out var problem));

        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_user_costs_what_most_known_users_cost()
    {
        var cheap = PasswordHash.Create(PasswordAlgorithm.Sha512, "x"u8);
        var usual = PasswordHash.Create(PasswordAlgorithm.Pbkdf2Sha512, new HashCost(101), "x"u8);
        var file = PasswordFile.Parse("f", $"a:{cheap}\nb:{usual}\nc:{PasswordHash.Create(PasswordAlgorithm.Pbkdf2Sha512, new HashCost(101), "y"u8)}\n");

        var unknown = file.HashOf("nobody", out var isKnown);

        Assert.False(isKnown);
        Assert.Equal((usual.Algorithm, usual.Cost), (unknown.Algorithm, unknown.Cost));
        Assert.False(unknown.Verify("x"u8));
    }
}
