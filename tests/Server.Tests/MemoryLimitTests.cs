using System.Globalization;
using Avocet.Protocol;
using Avocet.Server.Tests.Crashes;
using Avocet.Server.Tests.Support;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Server.Tests;

/// <summary>A client that fills the memory with messages for a session that is away.</summary>
public sealed class MemoryLimitTests
{
    private const int PayloadSize = 10_000;
    private const int MebibytesMax = 256;

    /// <summary>More than fit into the limit.</summary>
    private const int MessagesMax = 40_000;

    [Theory]
    [InlineData("DOTNET_GCHeapHardLimit", "8000000")]
    [InlineData("AVOCET_LIMITS__MEMORY_BYTES_MAX", "268435456")]
    public async Task Messages_are_refused_before_memory_ends_and_accepted_again_once_there_is_room(string variable, string value)
    {
        var environment = new Dictionary<string, string> { [variable] = value };
        await using var process = await AvocetProcess.ServeAsync(
            environment, "--ws-port", "0", "--data", "", "--set", "session.queue_messages_max=2000000", "--set", "session.queue_bytes_max=10000000000");
        var port = await AvocetProcess.PortOfAsync(process);
        var reader = Given.Client("reader").Persistent();
        await using (var subscribing = await RawConnection.OpenAsync(port, reader))
        {
            await subscribing.TrySendAsync(Given.Subscribe(1).Filter("a", Qos.AtLeastOnce));
            Assert.Equal(PacketType.Suback, (await subscribing.TryReadAsync())?.Type);
            await subscribing.TrySendAsync(Given.Disconnect());
        }

        await using var publisher = await RawConnection.OpenAsync(port, Given.Client("publisher"));
        var kept = await FillAsync(publisher);

        // Who is connected is served, who is new is not, and who can make room is.
        await publisher.TrySendAsync(Given.Pingreq());
        Assert.Equal(PacketType.Pingresp, (await publisher.TryReadAsync())?.Type);
        await process.WaitForLineAsync("Memory is short");
        Assert.Equal(ReasonCode.ServerBusy, await RawConnection.ConnectAsync(port, Given.Client("late")));
        if (OperatingSystem.IsLinux()) Assert.InRange(PeakBytes(process.Id), 1, MebibytesMax * 1024L * 1024);

        await using var draining = await RawConnection.OpenAsync(port, reader);
        for (var i = 0; i < kept; i++)
        {
            var message = await draining.TryReadAsync();
            Assert.Equal(PacketType.Publish, message?.Type);
            await draining.TrySendAsync(Given.Puback(message!.PacketId));
        }

        await process.WaitForLineAsync("Memory is no longer short");
        await using var late = await RawConnection.OpenAsync(port, Given.Client("late"));
        await publisher.TrySendAsync(Given.Publish("a").Qos1(1));
        Assert.Equal(ReasonCode.Success, (await publisher.TryReadAsync())?.Reason);
        Assert.DoesNotContain(process.ErrorLines, line => line.Contains("error", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Publishes until a message is refused; returns how many were not.</summary>
    private static async Task<int> FillAsync(RawConnection publisher)
    {
        var message = Given.Publish("a").Payload(new byte[PayloadSize]).Qos1(1);
        for (var kept = 0; kept < MessagesMax; kept++)
        {
            Assert.True(await publisher.TrySendAsync(message));
            var answer = await publisher.TryReadAsync();
            Assert.Equal(PacketType.Puback, answer?.Type);
            if (answer!.Reason == ReasonCode.QuotaExceeded) return kept;

            Assert.Equal(ReasonCode.Success, answer.Reason);
        }

        Assert.Fail($"{MessagesMax} messages were taken.");
        return 0;
    }

    private static long PeakBytes(int processId)
    {
        var line = File.ReadLines($"/proc/{processId}/status").First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6).Trim().TrimEnd(" kB"), CultureInfo.InvariantCulture) * 1024;
    }
}
