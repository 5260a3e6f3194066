namespace Avocet.Server.Configuration;

/// <summary>The keys of the management listener.</summary>
internal static class ConsoleKeys
{
    public static Section<ServerOptions> Console { get; } =
        new Section<ServerOptions>(new ServerOptions())
        {
            Path = "console",
            Summary = "The management listener: console, API and metrics. See [console.md](console.md).",
        }
        .Port("port", (o, v) => o with { Console = o.Console with { Port = v } },
            "Its port. Where none is set and 18083 is taken, the broker starts without a console and says so.", "18083")
        .Text("address", SettingKind.Address, o => o.Console.Address, (o, v) => o with { Console = o.Console with { Address = v } },
            "The address to listen on. Elsewhere than on this machine set `tls`, or put a proxy with TLS in front.")
        .Boolean("tls", o => o.Console.IsTls, (o, v) => o with { Console = o.Console with { IsTls = v } },
            "Whether it speaks TLS, with the certificates of `[[certificate]]`.")
        .Text("allowed_hosts", SettingKind.Text, o => o.Console.AllowedHosts, (o, v) => o with { Console = o.Console with { AllowedHosts = v } },
            "Names by which browsers may call it, such as `broker.example.org`, besides localhost, addresses and the machine's own name.")
        .Boolean("open_metrics", o => o.Console.HasOpenMetrics, (o, v) => o with { Console = o.Console with { HasOpenMetrics = v } },
            "Whether `/metrics` may be read from this machine without an API key.")
        .Text("otlp_endpoint", SettingKind.Text, o => o.Console.OtlpEndpoint, (o, v) => o with { Console = o.Console with { OtlpEndpoint = v } },
            "A URL to which metrics are sent every ten seconds as OTLP over HTTP, such as `http://127.0.0.1:4318/v1/metrics`. See [metrics.md](metrics.md).");
}
