using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Avocet.Broker;
using Avocet.Server.Tests.Support;
using Avocet.Server.Transports;
using Avocet.Server.Transports.Epoll;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Avocet.Server.Tests;

/// <summary>What systemd is told, over a real socket.</summary>
public sealed partial class ServiceManagerTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Service_manager_hears_of_ready_reload_and_stop_of_the_process()
    {
        using var folder = new TemporaryFolder();
        using var socket = new NotifySocket(folder.File("notify"));
        await using var process = AvocetProcess.Start(
            new Dictionary<string, string> { ["NOTIFY_SOCKET"] = socket.Name }, "serve", "--port", "auto", "--ws-port", "0");

        var ready = await socket.ReceiveAsync();
        Assert.Equal("1", ready["READY"]);
        Assert.Equal($"Listening: tcp on 127.0.0.1:{await AvocetProcess.PortOfAsync(process)}.", ready["STATUS"]);

        var before = MonotonicMicroseconds();
        process.Signal(PosixSignal.SIGHUP);
        var reloading = await socket.ReceiveAsync();
        Assert.Equal("1", reloading["RELOADING"]);
        // What systemd of Type=notify-reload compares with its own clock.
        Assert.InRange(long.Parse(reloading["MONOTONIC_USEC"], CultureInfo.InvariantCulture), before, MonotonicMicroseconds());
        Assert.Equal(ready, await socket.ReceiveAsync());

        process.Signal(PosixSignal.SIGTERM);
        var stopping = await socket.ReceiveAsync();
        Assert.Equal("1", stopping["STOPPING"]);
        Assert.Equal("Stopping on SIGTERM; clients have 10 s to end.", stopping["STATUS"]);
        Assert.Equal(0, await process.WaitForExitAsync());
        Assert.True(socket.IsEmpty);
    }

    [Fact]
    public async Task Service_manager_hears_why_the_process_did_not_start()
    {
        using var socket = new NotifySocket(NotifySocket.AbstractName());
        await using var process = AvocetProcess.Start(new Dictionary<string, string> { ["NOTIFY_SOCKET"] = socket.Name }, "serve", "--bind", "0.0.0.0", "--port", "auto");

        var failed = await socket.ReceiveAsync();

        Assert.StartsWith("listener 'tcp' not started: 0.0.0.0 can be reached from other machines", failed["STATUS"], StringComparison.Ordinal);
        Assert.False(failed.ContainsKey("READY"));
        Assert.Equal(1, await process.WaitForExitAsync());
    }

    [Fact]
    public async Task Watchdog_hears_of_the_process_again_and_again()
    {
        using var socket = new NotifySocket(NotifySocket.AbstractName());
        await using var process = AvocetProcess.Start(
            new Dictionary<string, string> { ["NOTIFY_SOCKET"] = socket.Name, ["WATCHDOG_USEC"] = "300000" }, "serve", "--port", "auto", "--ws-port", "0");

        var beats = 0;
        while (beats < 5)
        {
            if ((await socket.ReceiveAsync()).ContainsKey("WATCHDOG")) beats++;
        }

        await process.WaitForLineAsync("Ready.");
    }

    [Fact]
    public async Task Watchdog_hears_three_times_within_its_timeout_and_nothing_while_threads_do_not_answer()
    {
        using var socket = new NotifySocket(NotifySocket.AbstractName());
        await using var manager = Create(socket.Name, watchdog: TimeSpan.FromSeconds(30), process: Environment.ProcessId);
        var isAlive = true;
        manager.StartWatchdog(() => isAlive);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await ExpectBeatAsync(socket);

        _time.Advance(TimeSpan.FromSeconds(10));
        await ExpectBeatAsync(socket);

        isAlive = false;
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.True(socket.IsEmpty);

        isAlive = true;
        _time.Advance(TimeSpan.FromSeconds(10));
        await ExpectBeatAsync(socket);

        manager.Stopping("Stopping.");
        Assert.Equal("1", (await socket.ReceiveAsync())["STOPPING"]);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.True(socket.IsEmpty);
    }

    [Fact]
    public async Task Watchdog_of_a_parent_hears_nothing()
    {
        using var socket = new NotifySocket(NotifySocket.AbstractName());
        await using var manager = Create(socket.Name, watchdog: TimeSpan.FromSeconds(30), process: 1);

        manager.StartWatchdog(() => true);
        _time.Advance(TimeSpan.FromSeconds(60));

        Assert.True(socket.IsEmpty);
    }

    [Fact]
    public async Task Status_of_several_lines_stays_one_assignment()
    {
        using var socket = new NotifySocket(NotifySocket.AbstractName());
        await using var manager = Create(socket.Name);

        manager.Failed("one\nREADY=1");

        Assert.Equal(new Dictionary<string, string> { ["STATUS"] = "one READY=1" }, await socket.ReceiveAsync());
    }

    [Theory]
    [InlineData("/nowhere/notify")]
    [InlineData("@avocet-test-of-nobody")]
    [InlineData("vsock:2:1234")]
    [InlineData("/too-long-----------------------------------------------------------------------------------------------------------")]
    public async Task Service_manager_that_cannot_be_reached_is_logged_and_holds_up_nothing(string name)
    {
        await using var process = AvocetProcess.Start(new Dictionary<string, string> { ["NOTIFY_SOCKET"] = name }, "serve", "--port", "auto", "--ws-port", "0");

        await process.WaitForLineAsync("The service manager does not hear of this process: ");
        await process.WaitForLineAsync("Ready.");
        process.Signal(PosixSignal.SIGTERM);
        Assert.Equal(0, await process.WaitForExitAsync());
    }

    [Fact]
    public async Task Process_without_a_service_manager_tells_nothing()
    {
        await using var manager = new ServiceManager(new Dictionary<string, string> { ["WATCHDOG_USEC"] = "1000000" }, _time, NullLogger.Instance);

        manager.StartWatchdog(() => true);
        manager.Ready("Ready.");
        manager.Stopping("Stopping.");
    }

    [Fact]
    public async Task Transport_has_come_round_only_when_its_threads_have()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only there is such a transport.");
        var broker = new MqttBroker(new BrokerOptions(), new BrokerServices());
        await using var transport = new EpollTransport(broker, [], new ListenSockets([]), NullLogger.Instance);
        Assert.True(transport.HasComeRound());

        // Its threads do not run yet, as if they hung.
        Assert.False(transport.HasComeRound());
        Assert.False(transport.HasComeRound());

        transport.Start(backlog: 1);
        var deadline = Stopwatch.StartNew();
        while (!transport.HasComeRound())
        {
            Assert.True(deadline.Elapsed < TimeSpan.FromSeconds(20), "The threads did not come round.");
            await Task.Yield();
        }
    }

    private ServiceManager Create(string name, TimeSpan watchdog = default, int process = 0)
    {
        var environment = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = name };
        if (watchdog > TimeSpan.Zero) environment["WATCHDOG_USEC"] = watchdog.TotalMicroseconds.ToString(CultureInfo.InvariantCulture);
        if (process > 0) environment["WATCHDOG_PID"] = process.ToString(CultureInfo.InvariantCulture);
        return new ServiceManager(environment, _time, NullLogger.Instance);
    }

    private static async Task ExpectBeatAsync(NotifySocket socket)
    {
        Assert.Equal(new Dictionary<string, string> { ["WATCHDOG"] = "1" }, await socket.ReceiveAsync());
        Assert.True(socket.IsEmpty);
    }

    private static long MonotonicMicroseconds()
    {
        const int Monotonic = 1;
        Assert.Equal(0, GetTime(Monotonic, out var time));
        return (time.Seconds * 1_000_000) + (time.Nanoseconds / 1000);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
