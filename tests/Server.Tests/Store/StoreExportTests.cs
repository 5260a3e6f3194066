using System.Globalization;
using System.Text;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Cli.Store;
using Avocet.Protocol;
using Xunit;

namespace Avocet.Server.Tests.Store;

/// <summary>Export and import of JSON lines.</summary>
public sealed class StoreExportTests
{
    private const string Header = """{"type":"store","version":1,"format":1,"exportedAt":"2026-11-22T20:00:00Z"}""";

    [Fact]
    public void Lines_say_what_the_store_holds()
    {
        var lines = Export(StoreContent.Everything()).TrimEnd().Split('\n');

        Assert.Equal(
            [
                Header,
                """{"type":"message","number":3,"message":{"topic":"plant/shared","qos":0,"retain":false,"payload":"for both"}}""",
                """
                {"type":"session","clientId":"lamp/ä","mountPoint":"site/","expirySeconds":3600,"connected":false,"expiresAt":"2026-11-22T21:00:00Z",
                "willDueAt":"2026-11-22T21:00:00Z","will":{"delaySeconds":30,"expirySeconds":60,"message":{"topic":"will/topic","qos":0,"retain":false,
                "payload":"gone"}},"subscriptions":[{"filter":"$share/g/plant/#","qos":1},{"filter":"plant/+","qos":2,"noLocal":true,
                "retainAsPublished":true,"retainHandling":2,"id":77}],"received":[5,65535],"sentUpTo":7,"head":4,"done":[[7,8]],"pubrel":[[5,5]]}
                """.ReplaceLineEndings(""),
                """{"type":"session","clientId":"logger","expirySeconds":4294967295,"connected":true,"sentUpTo":0,"head":0}""",
                """{"type":"queued","clientId":"lamp/ä","sequence":4,"qos":1,"retain":false,"message":{"topic":"a","qos":0,"retain":false,"payload":"bytes"}}""",
                """{"type":"queued","clientId":"lamp/ä","sequence":6,"qos":2,"retain":false,"subscriptionIds":[77,1],"group":"$share/g/plant/#","number":3}""",
                """{"type":"queued","clientId":"logger","sequence":0,"qos":1,"retain":true,"number":3}""",
                """
                {"type":"retained","message":{"topic":"plant/a","qos":1,"retain":true,"expiresAt":"2026-11-22T21:00:00Z","publisher":"pub",
                "payload":"\"quoted\" ü\u0000\n","payloadFormatIndicator":1,"contentType":"text/plain","responseTopic":"r/t","correlationDataBase64":"AP8=",
                "userProperties":[["k","v1"],["k","v2"]]}}
                """.ReplaceLineEndings(""),
                """{"type":"retained","message":{"topic":"plant/bytes","qos":0,"retain":false,"payloadBase64":"wygA"}}""",
            ],
            lines);
    }

    [Fact]
    public void Export_of_an_import_is_the_same()
    {
        var lines = Export(StoreContent.Everything());
        var store = new MemoryStore();
        StoreFormat.Prepare(store);

        var counts = Import(store, lines);

        Assert.Equal(lines, Export(store));
        Assert.Equal("2 sessions with 2 subscriptions and 3 queued messages, 2 retained messages", counts.ToString());
        var check = new StoreCheck(store, problem => Assert.Fail(problem.ToString()));
        check.Run();
    }

    [Fact]
    public void Import_beside_other_sessions_takes_other_numbers()
    {
        var store = new MemoryStore();
        var content = new StoreContent(store);
        content.Session(1, "here");
        content.Session(2, "here too");
        content.Shared(3, StoreContent.Message("other", "message"));
        content.Queued(1, 0, new QueueRecord { Qos = Qos.AtLeastOnce, MessageNumber = 3 });
        content.Queued(2, 0, new QueueRecord { Qos = Qos.AtLeastOnce, MessageNumber = 3 });

        Import(store, Export(StoreContent.Everything()));

        Assert.Equal([(0, "other message")], StoreContent.QueueOf(store, "here"));
        Assert.Equal([(0, "plant/shared for both")], StoreContent.QueueOf(store, "logger"));
        Assert.Equal([(4, "a bytes"), (6, "plant/shared for both")], StoreContent.QueueOf(store, "lamp/ä"));
        new StoreCheck(store, problem => Assert.Fail(problem.ToString())).Run();
    }

    [Fact]
    public void Session_that_is_there_is_replaced_only_when_asked()
    {
        var store = StoreContent.Everything();
        var lines = Export(store);
        new StoreContent(store).Queued(1, 20, new QueueRecord { Qos = Qos.AtLeastOnce, Message = StoreContent.Message("new", "x"), BytesSoFar = 100 });
        var before = Export(store);

        var refusal = Assert.Throws<ImportException>(() => Import(store, lines));
        Assert.Equal("Line 3: clientId 'lamp/ä' has a session here already; --replace puts the imported one in its place.", refusal.Message);
        Assert.Equal(before, Export(store));

        var counts = Import(store, lines, mayReplace: true);
        Assert.Equal(2, counts.Replaced);
        Assert.Equal([(4, "a bytes"), (6, "plant/shared for both")], StoreContent.QueueOf(store, "lamp/ä"));
    }

    [Fact]
    public void Import_goes_on_in_batches()
    {
        var lines = new StringBuilder(Header).Append("\n{\"type\":\"session\",\"clientId\":\"c\",\"expirySeconds\":10}\n");
        for (var i = 0; i < 3000; i++)
        {
            lines.Append(CultureInfo.InvariantCulture, $$"""{"type":"queued","clientId":"c","sequence":{{i}},"qos":1,"message":{"topic":"t","payload":"{{new string('x', 1000)}}"} }""").Append('\n');
        }

        var store = new MemoryStore();
        Import(store, lines.ToString());

        Assert.Equal(3000, StoreContent.QueueOf(store, "c").Count);
        Assert.True(store.GetFigures().Syncs == 1, "Only the last batch is waited for.");
    }

    [Theory]
    [InlineData("""{"type":"session","clientId":"c"}""", "Line 2, object: ", "expirySeconds")]
    [InlineData("""{"type":"session","clientId":"c","expirySeconds":"soon"}""", "Line 2, expirySeconds: ", "")]
    [InlineData("""{"type":"session","clientId":"c","expirySeconds":0}""", "Line 2: expirySeconds is 0", "")]
    [InlineData("""{"type":"session","clientId":"c","expirySeconds":1,"expires":1}""", "Line 2, expires: ", "expires")]
    [InlineData("""{"type":"session","clientId":"c","expirySeconds":1,"expiresAt":"2026-11-22T21:00:00"}""", "Line 2: expiresAt has no time zone", "")]
    [InlineData("""{"type":"session","clientId":"c","expirySeconds":1,"subscriptions":[{"filter":"a/#/b","qos":0}]}""", "Line 2: subscriptions.filter 'a/#/b' is no topic filter.", "")]
    [InlineData("""{"type":"session","clientId":"c","expirySeconds":1,"received":[0]}""", "Line 2: received has a Packet Identifier 0.", "")]
    [InlineData("""{"type":"session","clientId":"c","expirySeconds":1,"done":[[1,3]],"pubrel":[[3,3]]}""", "Line 2: done and pubrel have runs that overlap", "")]
    [InlineData("""{"type":"queued","clientId":"c","sequence":1,"qos":1,"message":{"topic":"a","payload":""}}""", "Line 2: clientId 'c' has no session line before this one.", "")]
    [InlineData("""{"type":"retained","message":{"topic":"a/+","payload":""}}""", "Line 2: message.topic 'a/+' is no topic name.", "")]
    [InlineData("""{"type":"retained","message":{"topic":"a"}}""", "Line 2: message has to have one of payload and payloadBase64.", "")]
    [InlineData("""{"type":"retained","message":{"topic":"a","payloadBase64":"?"}}""", "Line 2, message.payloadBase64: ", "")]
    [InlineData("""{"type":"retained","message":{"topic":"a","payload":"","qos":3}}""", "Line 2: message.qos is 3; allowed are 0, 1 and 2.", "")]
    [InlineData("""{"type":"topic"}""", "Line 2", "topic")]
    [InlineData("{", "Line 2", "")]
    public void Line_that_is_wrong_is_refused_with_line_and_field(string line, string start, string names)
    {
        var store = new MemoryStore();

        var refusal = Assert.Throws<ImportException>(() => Import(store, $"{Header}\n{line}\n"));

        Assert.StartsWith(start, refusal.Message, StringComparison.Ordinal);
        Assert.Contains(names, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Avocet.Cli", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(0, store.GetFigures().Size);
    }

    [Fact]
    public void File_that_is_no_export_is_refused()
    {
        var refusal = Assert.Throws<ImportException>(() => Import(new MemoryStore(), "hello\n"));

        Assert.StartsWith("Line 1, ", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_record_is_left_out_and_told()
    {
        var store = StoreContent.Everything();
        new StoreContent(store).Put(StoreTable.Retained, "z"u8, 0xFF);
        using StringWriter output = new(), error = new();
        var export = new StoreExport(store, output, error, new FixedTime());

        export.Run();

        Assert.Equal(1, export.Damaged);
        Assert.StartsWith("avocet: left out: Retained 7A: ", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(Export(StoreContent.Everything()), output.ToString());
    }

    internal static string Export(IStore store)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter();
        new StoreExport(store, output, error, new FixedTime()).Run();
        Assert.Equal("", error.ToString());
        return output.ToString();
    }

    private static ImportCounts Import(IStore store, string lines, bool mayReplace = false) => StoreImport.Run(store, mayReplace, () => new StringReader(lines));

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => StoreContent.Now;
    }
}
