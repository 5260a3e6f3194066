using Avocet.Broker.Bans;
using Avocet.Broker.Monitoring.Events;
using Avocet.Broker.Tests.Durability;
using Avocet.Protocol;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Broker.Tests.Monitoring;

/// <summary>Who may not connect.</summary>
public sealed class BanTests
{
    [Fact]
    public async Task Client_identifier_that_is_banned_is_cut_off_and_refused_until_the_ban_is_over()
    {
        await using var broker = new TestBroker();
        var client = await broker.ConnectAsync(Given.Client("c"));
        await broker.Broker.Bans.AddAsync(BanKind.ClientId, "c", TimeSpan.FromMinutes(10), "too loud", CancellationToken.None);
        await client.ExpectDisconnectAsync(ReasonCode.AdministrativeAction);

        await RefusedAsync(broker, Given.Client("c"));
        await broker.ConnectAsync(Given.Client("other"));
        var told = broker.Broker.Events.Read().Last(one => one.Kind == BrokerEventKind.ConnectionRefused);
        Assert.Equal(("c", ReasonCode.Banned), (told.ClientId, told.Reason));
        Assert.Contains("the client identifier is banned until 2026-01-01 00:10 UTC", told.Detail, StringComparison.Ordinal);

        await broker.AdvanceAsync(601);
        await broker.ConnectAsync(Given.Client("c"));
        Assert.Empty(broker.Broker.Bans.List());
    }

    [Fact]
    public async Task User_that_is_banned_is_refused_until_the_ban_is_removed()
    {
        await using var broker = new TestBroker(services: new BrokerServices { Authenticators = [new PasswordAuthenticator("u", "right")] });
        var ban = (await broker.Broker.Bans.AddAsync(BanKind.UserName, "u", null, "", CancellationToken.None))!;

        await RefusedAsync(broker, Given.Client("c").UserName("u").Password("right"));
        Assert.True(await broker.Broker.Bans.RemoveAsync(ban.Id, CancellationToken.None));
        await broker.ConnectAsync(Given.Client("c").UserName("u").Password("right"));
        Assert.False(await broker.Broker.Bans.RemoveAsync(ban.Id, CancellationToken.None));
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.0.0.0/8", true)]
    [InlineData("10.0.0.0/8", false)]
    public async Task Address_that_is_banned_is_closed_unread(string address, bool isMeant)
    {
        await using var broker = new TestBroker();
        await broker.Broker.Bans.AddAsync(BanKind.Address, address, null, "", CancellationToken.None);
        if (!isMeant)
        {
            await broker.ConnectAsync(Given.Client("c"));
            return;
        }

        var peer = await broker.OpenAsync();
        await peer.ExpectCloseAsync();
        Assert.Contains("the address is banned", broker.Broker.Events.Read().Single(one => one.Kind == BrokerEventKind.ConnectionRefused).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(BanKind.Address, "here", false)]
    [InlineData(BanKind.Address, "10.0.0.0/99", false)]
    [InlineData(BanKind.ClientId, "", false)]
    [InlineData(BanKind.Address, "fe80::/10", true)]
    [InlineData(BanKind.UserName, "u", true)]
    public void What_cannot_be_banned_is_told(BanKind kind, string value, bool isFine) => Assert.Equal(isFine, BanList.TryCheck(kind, value, out _));

    [Fact]
    public async Task Bans_survive_a_crash_and_are_bounded()
    {
        await using var broker = new DurableBroker();
        await broker.Broker.Broker.Bans.AddAsync(BanKind.ClientId, "c", TimeSpan.FromHours(1), "too loud", CancellationToken.None);
        await broker.CrashAsync();

        var ban = Assert.Single(broker.Broker.Broker.Bans.List());
        Assert.Equal(("c", BanKind.ClientId, "too loud"), (ban.Value, ban.Kind, ban.Reason));
        await RefusedAsync(broker.Broker, Given.Client("c"));
        for (var i = 1; i < BanList.BansMax; i++) Assert.NotNull(await broker.Broker.Broker.Bans.AddAsync(BanKind.ClientId, $"c{i}", null, "", CancellationToken.None));
        Assert.Null(await broker.Broker.Broker.Bans.AddAsync(BanKind.ClientId, "more", null, "", CancellationToken.None));
    }

    private static async Task RefusedAsync(TestBroker broker, TestKit.Packets.ClientBuilder client)
    {
        var peer = await broker.OpenAsync(client);
        Assert.Equal(ReasonCode.Banned, (await peer.ReadPacketAsync(PacketType.Connack)).Reason);
        await peer.ExpectCloseAsync();
    }
}
