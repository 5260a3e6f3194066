using System.Buffers.Binary;
using System.Text;
using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Cli.Store;
using Avocet.Cli.Store.Mosquitto;
using Avocet.Protocol;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Server.Tests.Store;

/// <summary>The import of files which Debian's mosquitto writes in the test.</summary>
public sealed class MosquittoImportTests
{
    [Fact]
    public async Task Everything_that_the_file_holds_moves()
    {
        using var folder = new TemporaryFolder();
        await using (var mosquitto = await MosquittoProcess.StartAsync(folder))
        {
            await mosquitto.SubscribeAsync("old", "-V", "311", "-q", "2", "-t", "plant/#", "-t", "b/+/c");
            await mosquitto.SubscribeAsync(
                "new", "-V", "5", "-x", "3600", "-q", "1", "-t", "plant/+", "--retain-as-published", "-D", "subscribe", "subscription-identifier", "77");
            await mosquitto.SubscribeAsync("sharing", "-V", "5", "-x", "4294967295", "-q", "1", "-t", "$share/g/plant/x");
            await mosquitto.PublishAsync(
                "-V", "5", "-i", "pub", "-q", "1", "-t", "plant/a", "-m", "eins", "-r", "-D", "publish", "message-expiry-interval", "5000",
                "-D", "publish", "content-type", "text/plain", "-D", "publish", "user-property", "k", "v");
            await mosquitto.PublishAsync("-q", "2", "-t", "plant/b", "-m", "zwei");
            await mosquitto.PublishAsync("-q", "1", "-t", "b/x/c", "-m", "drei");
            await mosquitto.PublishAsync("-q", "0", "-t", "ret/0", "-m", "null", "-r");
            await mosquitto.StopAsync();
        }

        var (store, notes) = Import(folder.File(MosquittoProcess.FileName));

        Assert.Equal(["Session 'sharing' has no subscriptions in the file. Mosquitto does not save shared ones ($share/…): if it had any, its client has to subscribe again."], notes);
        Assert.Equal([(4, "plant/a eins"), (5, "plant/b zwei"), (6, "b/x/c drei")], WithoutStart(StoreContent.QueueOf(store, "old"), 4));
        Assert.Equal([(4, "plant/a eins"), (5, "plant/b zwei")], WithoutStart(StoreContent.QueueOf(store, "new"), 4));
        var lines = StoreExportTests.Export(store);
        Assert.Contains("\"subscriptions\":[{\"filter\":\"b/+/c\",\"qos\":2},{\"filter\":\"plant/#\",\"qos\":2}]", lines, StringComparison.Ordinal);
        Assert.Contains("\"subscriptions\":[{\"filter\":\"plant/+\",\"qos\":1,\"retainAsPublished\":true,\"id\":77}]", lines, StringComparison.Ordinal);
        Assert.Contains("\"qos\":1,\"retain\":true,\"subscriptionIds\":[77],\"number\":1}", lines, StringComparison.Ordinal);
        Assert.Contains(
            "\"publisher\":\"pub\",\"payload\":\"eins\",\"contentType\":\"text/plain\",\"userProperties\":[[\"k\",\"v\"]]", lines, StringComparison.Ordinal);
        Assert.Contains("{\"type\":\"retained\",\"message\":{\"topic\":\"ret/0\",\"qos\":0,\"retain\":true,", lines, StringComparison.Ordinal);
        Assert.Equal(2, lines.Split("\"type\":\"message\"").Length - 1);
        new StoreCheck(store, problem => Assert.Fail(problem.ToString())).Run();
    }

    [Fact]
    public async Task Exchanges_that_are_half_done_go_on_where_they_were()
    {
        using var folder = new TemporaryFolder();
        await using (var mosquitto = await MosquittoProcess.StartAsync(folder))
        {
            await using var stream = await mosquitto.OpenAsync();
            var reader = await StreamPeer.ConnectAsync(stream, Given.Client("reader").V311().Clean(false));
            await reader.SendAsync(Given.Subscribe(1).Filter("h", Qos.ExactlyOnce));
            await reader.ExpectAsync(Given.Suback(1, ReasonCode.GrantedQos2));
            string[] texts = ["one", "two", "three", "four"];
            foreach (var text in texts) await mosquitto.PublishAsync("-q", "2", "-t", "h", "-m", text);
            for (ushort id = 1; id <= 4; id++) await reader.ExpectAsync(Given.Publish("h").Payload(texts[id - 1]).Qos2(id));
            // One owes its PUBREL, two is done, three and four are in flight.
            await reader.SendAsync(Given.Pubrec(1), Given.Pubrec(2));
            await reader.ExpectAsync(Given.Pubrel(1), Given.Pubrel(2));
            await reader.SendAsync(Given.Pubcomp(2));
            await reader.ExpectNothingAsync();
            await reader.CloseAsync();

            await using var other = await mosquitto.OpenAsync();
            var writer = await StreamPeer.ConnectAsync(other, Given.Client("writer").V311().Clean(false));
            await writer.SendAsync(Given.Publish("h").Payload("half").Qos2(7));
            await writer.ExpectAsync(Given.Pubrec(7));
            await writer.CloseAsync();
            await mosquitto.StopAsync();
        }

        var (store, _) = Import(folder.File(MosquittoProcess.FileName));

        // The identifiers are 3, 4, and 5 for what waited; what the writer owes a PUBREL for is routed already.
        Assert.Equal([(2, "h three"), (3, "h four"), (4, "h half")], StoreContent.QueueOf(store, "reader"));
        var lines = StoreExportTests.Export(store);
        Assert.Contains("\"sentUpTo\":4,\"head\":0,\"done\":[[1,1]],\"pubrel\":[[0,0]]}", lines, StringComparison.Ordinal);
        Assert.Contains("\"clientId\":\"writer\",\"expirySeconds\":4294967295,\"connected\":false,\"received\":[7]", lines, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Damaged_file_is_refused_at_every_length_or_read_to_where_it_ends()
    {
        using var folder = new TemporaryFolder();
        await using (var mosquitto = await MosquittoProcess.StartAsync(folder))
        {
            await mosquitto.SubscribeAsync("old", "-q", "1", "-t", "plant/#");
            await mosquitto.PublishAsync("-q", "1", "-t", "plant/a", "-m", "eins", "-r");
            await mosquitto.StopAsync();
        }

        var whole = await File.ReadAllBytesAsync(folder.File(MosquittoProcess.FileName));
        var refused = 0;
        for (var length = 15; length < whole.Length; length++)
        {
            var path = folder.File("cut.db");
            await File.WriteAllBytesAsync(path, whole[..length]);
            try
            {
                Import(path);
            }
            catch (ImportException exception)
            {
                Assert.Matches("^The file (is damaged at byte [0-9]+: .+|ends within its header)\\.$", exception.Message);
                refused++;
            }
        }

        // All but those that end where a chunk does.
        Assert.InRange(refused, whole.Length - 30, whole.Length);
    }

    [Fact]
    public void File_of_another_format_is_refused()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("m.db");
        File.WriteAllBytes(path, Header(format: 4));

        var refusal = Assert.Throws<ImportException>(() => Import(path));

        Assert.StartsWith("The file has Mosquitto's format 4; 5 and 6 are read here.", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Chunk_that_is_longer_than_the_file_is_told_with_its_place()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("m.db");
        File.WriteAllBytes(path, [.. Header(format: 6), 0, 0, 0, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0]);

        var refusal = Assert.Throws<ImportException>(() => Import(path));

        Assert.Equal("The file is damaged at byte 23: a chunk of 4294967295 bytes goes beyond the end of the file.", refusal.Message);
    }

    [Fact]
    public void Format_5_has_a_shorter_client()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("m.db");
        byte[] client = [0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 9, 0, 3, .. "old"u8];
        File.WriteAllBytes(path, [.. Header(format: 5), 0, 0, 0, 6, 0, 0, 0, (byte)client.Length, .. client]);

        var (store, _) = Import(path);

        Assert.Contains("\"clientId\":\"old\",\"expirySeconds\":4294967295,\"connected\":false,\"sentUpTo\":9,\"head\":9}", StoreExportTests.Export(store), StringComparison.Ordinal);
    }

    private static IEnumerable<(long, string)> WithoutStart(IReadOnlyList<(long Sequence, string Text)> queue, long start) =>
        queue.Select(entry => (entry.Sequence - queue[0].Sequence + start, entry.Text));

    private static (MemoryStore Store, List<string> Notes) Import(string path)
    {
        Assert.True(MosquittoFile.IsOne(path));
        var store = new MemoryStore();
        StoreFormat.Prepare(store);
        var notes = new List<string>();
        using var file = MosquittoFile.Open(path);
        MosquittoImport.Run(store, mayReplace: false, file, TimeProvider.System, notes.Add);
        return (store, notes);
    }

    private static byte[] Header(uint format)
    {
        var header = new byte[23];
        header[1] = 0xB5;
        Encoding.ASCII.GetBytes("mosquitto db", header.AsSpan(3));
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(19), format);
        return header;
    }
}
