using Avocet.Broker;
using Avocet.Security;
using Microsoft.Extensions.Logging.Abstractions;

namespace Avocet.Management.Tests.Support;

/// <summary>A console of a broker that keeps MQTT users in its store.</summary>
internal sealed class MqttUsers : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("avocet-test-");
    private readonly BrokerSecurity _security;

    private MqttUsers(BrokerSecurity security) => _security = security;

    public TestConsole Console { get; private set; } = null!;

    public static async Task<MqttUsers> StartAsync()
    {
        var services = new BrokerServices { LoggerFactory = NullLoggerFactory.Instance };
        var users = new MqttUsers(new BrokerSecurity(new SecurityOptions { HasUserDatabase = true }, services));
        users.Console = await TestConsole.StartAsync(services: users._security.AddTo(services));
        users._security.Attach(users.Console.Broker.Broker);
        await users._security.StartAsync(users._folder.FullName);
        return users;
    }

    public async ValueTask DisposeAsync()
    {
        await Console.DisposeAsync();
        _security.Dispose();
        _folder.Delete(recursive: true);
    }
}
