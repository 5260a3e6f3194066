using Avocet.Server.Tests.Support;

namespace Avocet.Server.Tests.ForeignClients;

/// <summary>mosquitto_sub, line by line: by itself it keeps its output back until there is a lot or it ends.</summary>
internal static class Subscriber
{
    public static ChildProcess Start(params IEnumerable<string> arguments) => ChildProcess.Start("stdbuf", ["-oL", "mosquitto_sub", .. arguments]);
}
