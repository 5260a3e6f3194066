using Avocet.Server.Configuration;
using Avocet.Server.Tests.Support;
using Xunit;

namespace Avocet.Server.Tests;

/// <summary>What is said about a wrong configuration: where, what is allowed, and what was probably meant.</summary>
public sealed class ConfigurationErrorTests
{
    private const string Listener = "[[listener]]\nname = \"a\"\n";

    /// <summary>Name of the row, TOML, the error after the file's name.</summary>
    public static TheoryData<string, string, string> BadFiles => new()
    {
        { "misspelt key at the top", "log_levle = \"debug\"", "1: there is no key 'log_levle'; the nearest is 'log_level'." },
        {
            "misspelt key in a section",
            "# sizes\n[limits]\n\npaket_size_max = 1024",
            "4: there is no key 'limits.paket_size_max'; the nearest is 'limits.packet_size_max'."
        },
        { "key of another section", "packet_size_max = 1024", "1: there is no key 'packet_size_max'; it belongs to [limits]: 'limits.packet_size_max'." },
        {
            "key like no other",
            "[mqtt]\nxyzzy = 1",
            "2: there is no key 'mqtt.xyzzy'; the keys here are maximum_qos, retain_available, response_information, sys_interval_seconds."
        },
        { "misspelt section", "[limit]\npacket_size_max = 1024", "1: there is no section [limit]; the nearest is [limits]." },
        {
            "section like no other",
            "[persistence]\nfile = \"x\"",
            "1: there is no section [persistence]; the sections are [[durability_for]], [limits], [session], [mqtt], [login], [jwt], [http_login], [postgres_login], [access], [http_access], [[acl]], [console], [[listener]], [[certificate]]."
        },
        { "section below one that has none", "[limits.tcp]\na = 1", "1: there is no section [limits.tcp]; [limits] has none below it." },
        { "listener as a plain table", "[listener]\nname = \"a\"", "1: write [[listener]] here: there may be several." },
        { "limits as an array", "[[limits]]\npacket_size_max = 1024", "1: write [limits] here: there is only one." },
        { "section as a key", "limits = 5", "1: 'limits' is a section, not a key; write [limits]." },
        { "key as a section", "[log_level]\na = 1", "1: 'log_level' is a key, not a section." },
        { "certificate without its listener", "[[listener.certificate]]\nfile = \"x\"", "1: there is no [[listener]] above this." },
        { "number too small", "[limits]\npacket_size_max = 12", "2: limits.packet_size_max = 12: allowed is a whole number from 1024 to 268435460." },
        { "number too large", "[limits]\nreceive_maximum = 65536", "2: limits.receive_maximum = 65536: allowed is a whole number from 1 to 65535." },
        { "text for a number", "[limits]\nreceive_maximum = \"10\"", "2: limits.receive_maximum = \"10\": allowed is a whole number from 1 to 65535." },
        { "fraction for a number", "[limits]\nreceive_maximum = 1.5", "2: limits.receive_maximum = 1.5: allowed is a whole number from 1 to 65535." },
        { "number for a boolean", "[mqtt]\nretain_available = 1", "2: mqtt.retain_available = 1: allowed is true or false." },
        { "array for text", "data = [\"a\"]", "1: data = [\"a\"]: allowed is a path." },
        {
            "misspelt choice",
            "log_level = \"debgu\"",
            "1: log_level = \"debgu\": allowed is one of \"trace\", \"debug\", \"info\", \"warning\", \"error\"; the nearest is \"debug\"."
        },
        {
            "unknown durability",
            "durability = \"fsnc\"",
            "1: durability = \"fsnc\": allowed is one of \"fsync\", \"os\", \"none\"; the nearest is \"fsync\"."
        },
        { "durability without a filter", "[[durability_for]]\nlevel = \"os\"", "1: [[durability_for]] has no 'filter'." },
        { "durability without a level", "\n[[durability_for]]\nfilter = \"a\"", "2: [[durability_for]] has no 'level'." },
        {
            "durability for a bad filter",
            "[[durability_for]]\nlevel = \"os\"\nfilter = \"a/#/b\"",
            "3: durability_for.filter = \"a/#/b\": not a valid topic filter."
        },
        {
            "durability for a shared subscription",
            "[[durability_for]]\nlevel = \"os\"\nfilter = \"$share/g/a\"",
            "3: durability_for.filter = \"$share/g/a\": this is about topics, not subscriptions; leave $share and the group out."
        },
        {
            "port out of range",
            Listener + "port = 70000",
            "3: listener.port = 70000: allowed is a port from 1 to 65535, 0 for off, or \"auto\" for any free port."
        },
        {
            "host name for an address",
            Listener + "address = \"broker.example\"",
            "3: listener.address = \"broker.example\": allowed is an IP address, \"localhost\", or \"*\" for all addresses."
        },
        { "password of the wrong type is not shown", "[[certificate]]\nfile = \"a\"\npassword = 1234", "3: certificate.password: allowed is text." },
        { "listener without a name", "[[listener]]\nport = 1884", "1: [[listener]] has no 'name'." },
        { "listener with a bad name", "[[listener]]\nname = \"Plant 1\"", "2: listener.name = \"Plant 1\": allowed are 1 to 64 of a to z, 0 to 9, - and _." },
        { "two listeners of a name", Listener + Listener + "port = 1", "4: there are two listeners named 'a'; names must differ." },
        {
            "two listeners on a port",
            Listener + "[[listener]]\nname = \"b\"\nport = 1883",
            "5: listeners 'a' and 'b' have the same address and port 127.0.0.1:1883."
        },
        { "Unix socket without a path", Listener + "transport = \"unix\"", "1: listener 'a' has no 'path' for its Unix socket." },
        {
            "WebSocket path without a slash",
            Listener + "transport = \"ws\"\npath = \"mqtt\"",
            "4: listener.path = \"mqtt\": the path of a WebSocket URL begins with '/'."
        },
        {
            "TLS without a certificate",
            Listener + "transport = \"tls\"",
            "1: listener 'a' has no certificate; add a [[certificate]] with 'file' and 'key_file'."
        },
        { "certificate without a file", "[[certificate]]\nkey_file = \"x\"", "1: [[certificate]] has no 'file'." },
        {
            "two passwords",
            "[[certificate]]\nfile = \"a\"\npassword = \"b\"\npassword_file = \"c\"",
            "4: [[certificate]] has both 'password' and 'password_file'; keep one."
        },
        {
            "mount point with a wildcard",
            Listener + "mount_point = \"a/#\"",
            "3: listener.mount_point = \"a/#\": a topic prefix has no wildcards '+' and '#'."
        },
        {
            "mount point that does not end with a slash",
            Listener + "mount_point = \"site1\"",
            "3: listener.mount_point = \"site1\": a topic prefix ends with '/' and does not begin with '$', as in \"site1/\"."
        },
    };

    [Theory, MemberData(nameof(BadFiles))]
    public void File_with_a_mistake_is_answered_with_its_place_and_what_is_allowed(string name, string toml, string error)
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("avocet.toml", toml);

        var configuration = ServerConfiguration.Read(new ConfigurationInput { FilePath = file });

        Assert.True(configuration.Errors.Count == 1, $"{name}: {string.Join('\n', configuration.Errors)}");
        Assert.Equal($"{file}:{error}", configuration.Errors[0].ToString());
    }

    [Theory]
    [InlineData("log_level = ", 1)]
    [InlineData("a = 1\n\n[limits\n", 3)]
    [InlineData("data = \"a\"\ndata = \"b\"", 2)]
    public void File_that_is_no_toml_is_answered_with_its_line(string toml, int line)
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("avocet.toml", toml);

        var error = Assert.Single(ServerConfiguration.Read(new ConfigurationInput { FilePath = file }).Errors);

        Assert.StartsWith($"{file}:{line}: not valid TOML: ", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void File_that_is_not_there_is_an_error()
    {
        using var folder = new TemporaryFolder();

        var error = Assert.Single(ServerConfiguration.Read(new ConfigurationInput { FilePath = folder.File("none.toml") }).Errors);

        Assert.StartsWith($"{folder.File("none.toml")}: cannot be read: ", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void All_mistakes_are_told_at_once()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("avocet.toml", "log_level = \"loud\"\n[limits]\nreceive_maximum = 0\n");

        Assert.Equal(2, ServerConfiguration.Read(new ConfigurationInput { FilePath = file }).Errors.Count);
    }

    [Theory]
    [InlineData("limits.paket_size_max=1024", "there is no key 'limits.paket_size_max'; the nearest is 'limits.packet_size_max'.")]
    [InlineData("limits.packet_size_max=small", "limits.packet_size_max = \"small\": allowed is a whole number from 1024 to 268435460.")]
    [InlineData("limits.packet_size_max", "'limits.packet_size_max' is no key=value, such as limits.packet_size_max=1048576.")]
    [InlineData("listener.port=1", "there may be several [[listener]]; say which: listener.NAME.port.")]
    [InlineData("certificate.file=x", "there may be several [[certificate]]; say which: certificate.0.file.")]
    [InlineData("certificate.7.file=x", "'7' is not the number of a [[certificate]]; the next one is 0.")]
    public void Option_with_a_mistake_is_answered_with_what_is_allowed(string assignment, string error)
    {
        var configuration = ServerConfiguration.Read(new ConfigurationInput { Assignments = [assignment] });

        Assert.Equal($"--set: {error}", Assert.Single(configuration.Errors).ToString());
    }

    [Fact]
    public void Environment_variable_with_a_mistake_is_named()
    {
        var environment = new Dictionary<string, string> { ["AVOCET_LIMITS__PAKET_SIZE_MAX"] = "1024" };

        var error = Assert.Single(ServerConfiguration.Read(new ConfigurationInput { Environment = environment }).Errors);

        Assert.Equal("AVOCET_LIMITS__PAKET_SIZE_MAX: there is no key 'limits.paket_size_max'; the nearest is 'limits.packet_size_max'.", error.ToString());
    }

    [Theory]
    [InlineData("packet_size_max", "packet_size_max", 0)]
    [InlineData("packet_szie_max", "packet_size_max", 1)]
    [InlineData("paket_size_max", "packet_size_max", 1)]
    [InlineData("", "abc", 3)]
    public void Distance_counts_edits(string from, string to, int distance)
    {
        Assert.Equal(distance, NearestName.Distance(from, to));
        Assert.Equal(distance, NearestName.Distance(to, from));
    }
}
