using System.Text;
using Avocet.Protocol.Topics;
using CsCheck;
using Xunit;

namespace Avocet.Protocol.Tests;

public class TopicTests
{
    [Theory]
    [InlineData("a", true)]
    [InlineData("/", true)]
    [InlineData("//", true)]
    [InlineData("a/b", true)]
    [InlineData("a b", true)]
    [InlineData(" ", true)]
    [InlineData("$SYS/x", true)]
    [InlineData("é/日本", true)]
    [InlineData("", false)]
    [InlineData("+", false)]
    [InlineData("#", false)]
    [InlineData("a/+/b", false)]
    [InlineData("a+b", false)]
    [InlineData("a/#", false)]
    [InlineData("a\0", false)]
    public void Topic_name_validity(string name, bool expected) => Assert.Equal(expected, TopicName.IsValid(Bytes(name)));

    [Theory]
    [InlineData("a", true)]
    [InlineData("/", true)]
    [InlineData("a//b", true)]
    [InlineData("#", true)]
    [InlineData("+", true)]
    [InlineData("/#", true)]
    [InlineData("/+", true)]
    [InlineData("+/", true)]
    [InlineData("a/#", true)]
    [InlineData("a/+/b", true)]
    [InlineData("+/+/#", true)]
    [InlineData("+/a/+", true)]
    [InlineData("$SYS/#", true)]
    [InlineData("", false)]
    [InlineData("a#", false)]
    [InlineData("#a", false)]
    [InlineData("#/", false)]
    [InlineData("#/a", false)]
    [InlineData("a/#/b", false)]
    [InlineData("a/b#", false)]
    [InlineData("##", false)]
    [InlineData("a+", false)]
    [InlineData("+a", false)]
    [InlineData("++", false)]
    [InlineData("a/+b", false)]
    [InlineData("a/b+/c", false)]
    [InlineData("+#", false)]
    [InlineData("#+", false)]
    [InlineData("+/#/+", false)]
    [InlineData("a/\0", false)]
    public void Topic_filter_validity(string filter, bool expected) => Assert.Equal(expected, TopicFilter.IsValid(Bytes(filter)));

    [Fact]
    public void Topics_have_at_most_65535_bytes()
    {
        var longest = new byte[Limits.StringSizeMax];
        longest.AsSpan().Fill((byte)'a');

        Assert.True(TopicName.IsValid(longest));
        Assert.True(TopicFilter.IsValid(longest));
        Assert.False(TopicName.IsValid([.. longest, (byte)'a']));
        Assert.False(TopicFilter.IsValid([.. longest, (byte)'a']));
    }

    [Theory]
    // Byte for byte, level by level.
    [InlineData("a", "a", true)]
    [InlineData("a", "A", false)]
    [InlineData("a", "ab", false)]
    [InlineData("ab", "a", false)]
    [InlineData("a/b", "a/b", true)]
    [InlineData("a/b", "a/b/c", false)]
    [InlineData("a/b/c", "a/b", false)]
    [InlineData("a/b", "a//b", false)]
    [InlineData("a", "/a", false)]
    [InlineData("/a", "a", false)]
    [InlineData("a", "a/", false)]
    [InlineData("a/", "a", false)]
    [InlineData("/", "/", true)]
    [InlineData("/", "//", false)]
    [InlineData("a//b", "a//b", true)]
    [InlineData("\u00e9", "e\u0301", false)]
    // '#' takes the rest and the parent.
    [InlineData("#", "a", true)]
    [InlineData("#", "/", true)]
    [InlineData("#", "a/b/c", true)]
    [InlineData("a/#", "a", true)]
    [InlineData("a/#", "a/", true)]
    [InlineData("a/#", "a/b", true)]
    [InlineData("a/#", "a/b/c", true)]
    [InlineData("a/#", "ab", false)]
    [InlineData("a/#", "b", false)]
    [InlineData("a/b/#", "a", false)]
    [InlineData("a/b/#", "a/b", true)]
    [InlineData("/#", "/", true)]
    [InlineData("/#", "/a", true)]
    [InlineData("/#", "a", false)]
    [InlineData("a//#", "a/", true)]
    [InlineData("a//#", "a", false)]
    // '+' takes one level, also an empty one.
    [InlineData("+", "a", true)]
    [InlineData("+", "a/b", false)]
    [InlineData("+", "/x", false)]
    [InlineData("+", "/", false)]
    [InlineData("+/+", "/x", true)]
    [InlineData("+/+", "/", true)]
    [InlineData("/+", "/x", true)]
    [InlineData("/+", "/", true)]
    [InlineData("a/+", "a/", true)]
    [InlineData("a/+", "a", false)]
    [InlineData("a/+", "a/b", true)]
    [InlineData("a/+", "a/b/c", false)]
    [InlineData("a/+/c", "a/b/c", true)]
    [InlineData("a/+/c", "a//c", true)]
    [InlineData("a/+/c", "a/b/d", false)]
    [InlineData("a/+/#", "a", false)]
    [InlineData("a/+/#", "a/b", true)]
    [InlineData("a/+/#", "a/b/c/d", true)]
    [InlineData("+/#", "a", true)]
    [InlineData("+/b/#", "a/b", true)]
    // Leading wildcards do not see names that begin with '$'.
    [InlineData("#", "$SYS", false)]
    [InlineData("#", "$SYS/a", false)]
    [InlineData("+", "$SYS", false)]
    [InlineData("+/a", "$SYS/a", false)]
    [InlineData("+/#", "$SYS/a", false)]
    [InlineData("$SYS/#", "$SYS/a", true)]
    [InlineData("$SYS/#", "$SYS", true)]
    [InlineData("$SYS/+", "$SYS/a", true)]
    [InlineData("$SYS/a", "$SYS/a", true)]
    [InlineData("a/+", "a/$x", true)]
    [InlineData("a/#", "a/$x", true)]
    [InlineData("/+", "/$x", true)]
    [InlineData("#", "/$x", true)]
    public void Filter_matches(string filter, string name, bool expected) => Assert.Equal(expected, TopicFilter.Matches(Bytes(filter), Bytes(name)));

    // A slow matcher over split levels, straight from the text of the specification.
    [Fact]
    public void Filter_matches_as_the_plain_reading_of_the_specification()
    {
        var level = OneOf("", "a", "b", "$a", "+");
        var filter = Gen.Select(level.Array[1, 4], Gen.Bool, (levels, hash) => string.Join('/', hash ? [.. levels, "#"] : levels));
        var name = OneOf("", "a", "b", "$a").Array[1, 5].Select(levels => string.Join('/', levels));

        Gen.Select(filter, name).Where((f, n) => f.Length > 0 && n.Length > 0).Sample((f, n) =>
        {
            Assert.True(TopicFilter.IsValid(Bytes(f)));
            Assert.True(MatchesPlainly(f, n) == TopicFilter.Matches(Bytes(f), Bytes(n)), $"{f} ~ {n}");
        }, iter: 20_000);
    }

    [Theory]
    [InlineData("a/+", 2)]
    [InlineData("#", 0)]
    [InlineData("a/b", -1)]
    [InlineData("", -1)]
    public void Wildcard_is_found(string text, int index)
    {
        Assert.Equal(index, TopicName.IndexOfWildcard(Bytes(text)));
        Assert.Equal(index >= 0, TopicFilter.HasWildcard(Bytes(text)));
    }

    [Theory]
    [InlineData("a", 1)]
    [InlineData("/", 2)]
    [InlineData("a//b", 3)]
    public void Levels_are_counted(string name, int levels) => Assert.Equal(levels, TopicName.CountLevels(Bytes(name)));

    [Theory]
    [InlineData("$share/g/a", "g", "a")]
    [InlineData("$share/g/a/#", "g", "a/#")]
    [InlineData("$share/g//x", "g", "/x")]
    [InlineData("$share/g/+", "g", "+")]
    [InlineData("$share/g/$SYS/#", "g", "$SYS/#")]
    [InlineData("$share/ a é/a", " a é", "a")]
    [InlineData("$share/$share/$share/g/a", "$share", "$share/g/a")]
    public void Shared_filter_is_taken_apart(string filter, string shareName, string topicFilter)
    {
        Assert.True(SharedFilter.IsShared(Bytes(filter)));
        Assert.True(SharedFilter.TryParse(Bytes(filter), out var shared));
        Assert.Equal(shareName, Encoding.UTF8.GetString(shared.ShareName));
        Assert.Equal(topicFilter, Encoding.UTF8.GetString(shared.Filter));
    }

    [Theory]
    [InlineData("$share")]
    [InlineData("$share/")]
    [InlineData("$share//a")]
    [InlineData("$share/g")]
    [InlineData("$share/g/")]
    [InlineData("$share/+/a")]
    [InlineData("$share/g+/a")]
    [InlineData("$share/#/a")]
    [InlineData("$share/#")]
    [InlineData("$share/g#/a")]
    [InlineData("$share/g/a#")]
    [InlineData("$share/g/#/a")]
    [InlineData("$share/g/+a")]
    public void Shared_filter_with_a_fault_is_shared_but_not_valid(string filter)
    {
        Assert.True(SharedFilter.IsShared(Bytes(filter)));
        Assert.False(SharedFilter.TryParse(Bytes(filter), out _));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("$SYS/#")]
    [InlineData("$shared/g/a")]
    [InlineData("$Share/g/a")]
    [InlineData("/$share/g/a")]
    [InlineData("$shar")]
    public void Other_filter_is_not_shared(string filter)
    {
        Assert.False(SharedFilter.IsShared(Bytes(filter)));
        Assert.False(SharedFilter.TryParse(Bytes(filter), out _));
    }

    private static bool MatchesPlainly(string filter, string name)
    {
        if (name[0] == '$' && filter[0] is '+' or '#') return name[0] != '$';

        var (filters, names) = (filter.Split('/'), name.Split('/'));
        for (var i = 0; i < filters.Length; i++)
        {
            if (filters[i] == "#") return names.Length >= i;
            if (i >= names.Length || (filters[i] != "+" && filters[i] != names[i])) return false;
        }

        return filters.Length == names.Length;
    }

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(index => texts[index]);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
