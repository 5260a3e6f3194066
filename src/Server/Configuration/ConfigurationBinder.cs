using System.Text;
using Avocet.Broker;
using Avocet.Protocol.Topics;
using Avocet.Security;
using Avocet.Security.Access;
using Avocet.Security.Http;
using Avocet.Security.Postgres;
using Avocet.Security.Tokens;

namespace Avocet.Server.Configuration;

/// <summary>Makes options of tables and checks what no key can check alone.</summary>
internal sealed class ConfigurationBinder(SettingAssigner assigner)
{
    private const int NameLengthMax = 64;

    /// <summary>The transport that is set, or the listener's name where that is one.</summary>
    public static string TransportOf(SettingTable listener) =>
        listener.FindText("transport") ?? ConfigurationKeys.Transports
            .Select(transport => transport.Word)
            .FirstOrDefault(word => word == listener.FindText("name"), "tcp");

    public ServerOptions Bind(SettingTable root)
    {
        var server = Section<ServerOptions>.Bind(root, new ServerOptions());
        server = Section<ServerOptions>.Bind(root.Table(ConfigurationKeys.Limits), server);
        server = Section<ServerOptions>.Bind(root.Table(ConsoleKeys.Console), server);
        var broker = Section<BrokerOptions>.Bind(root.Table(ConfigurationKeys.Session), server.Broker);
        broker = Section<BrokerOptions>.Bind(root.Table(ConfigurationKeys.Mqtt), broker);
        if (root.Items(ConfigurationKeys.DurabilityFor) is { Count: > 0 } exceptions) broker = broker with { TopicDurabilities = [.. exceptions.Select(BindDurability)] };

        var security = Section<SecurityOptions>.Bind(root.Table(SecurityKeys.Login), server.Security);
        security = Section<SecurityOptions>.Bind(root.Table(SecurityKeys.Access), security) with { Rules = [.. root.Items(SecurityKeys.Rule).Select(BindRule)] };
        security = security with { Token = Section<TokenOptions>.Bind(root.Table(SecurityKeys.Token), security.Token) };
        if (security.Token.FindProblem() is { } problem) assigner.Report(root.Table(SecurityKeys.Token).OriginOf("key_set_url"), $"jwt.{problem}.");

        security = security with { Http = Section<HttpLoginOptions>.Bind(root.Table(SecurityKeys.Http), security.Http) };
        if (security.Http.FindProblem() is { } wrong) assigner.Report(root.Table(SecurityKeys.Http).OriginOf("url"), $"http_login.{wrong}.");

        security = security with { HttpAccess = Section<HttpAccessOptions>.Bind(root.Table(SecurityKeys.HttpAccess), security.HttpAccess) };
        if (security.HttpAccess.FindProblem() is { } bad) assigner.Report(root.Table(SecurityKeys.HttpAccess).OriginOf("url"), $"http_access.{bad}.");

        security = security with { Postgres = Section<PostgresOptions>.Bind(root.Table(SecurityKeys.Postgres), security.Postgres) };
        if (security.Postgres.FindProblem() is { } fault) assigner.Report(root.Table(SecurityKeys.Postgres).OriginOf(fault.Key), $"postgres_login.{fault.Problem}.");

        CheckRanges(root.Table(SecurityKeys.Login), "allow_from", security.Login.AllowFrom);
        CheckRanges(root.Table(SecurityKeys.Login), "deny_from", security.Login.DenyFrom);
        var certificates = BindCertificates(root.Items(ConfigurationKeys.Certificate));
        if (server.Console.IsTls && certificates.Count == 0) assigner.Report(root.Table(ConsoleKeys.Console).OriginOf("tls"), "console.tls = true: there is no certificate; add a [[certificate]] with 'file' and 'key_file'.");

        var listeners = new List<ListenerOptions>();
        foreach (var item in root.Items(ConfigurationKeys.Listener)) listeners.Add(BindListener(item, certificates.Count > 0));
        CheckTogether(root.Items(ConfigurationKeys.Listener), listeners);

        return server with
        {
            Broker = broker,
            Security = security,
            Certificates = certificates,
            Listeners = listeners,
        };
    }

    private TopicDurability BindDurability(SettingTable item)
    {
        var (filter, durability) = Section<TopicDurability>.Bind(item, new TopicDurability("", Durability.Fsync));
        foreach (var key in item.Section.Keys)
        {
            if (item.Find(key.Name) is null) assigner.Report(item.Origin, $"{item.Section.Heading} has no '{key.Name}'.");
        }

        if (item.Find("filter") is { } setting)
        {
            var isShared = SharedFilter.IsShared(Encoding.UTF8.GetBytes(filter));
            if (isShared || !TopicFilter.IsValid(Encoding.UTF8.GetBytes(filter)))
            {
                var reason = isShared ? "this is about topics, not subscriptions; leave $share and the group out" : "not a valid topic filter";
                assigner.Report(setting.Origin, $"{item.Section.PathOf("filter")} = \"{filter}\": {reason}.");
            }
        }

        // Not the bound one: it was made with another filter.
        return new TopicDurability(filter, durability);
    }

    private void CheckRanges(SettingTable table, string key, string ranges)
    {
        AddressRange.ParseList(ranges, out var wrong);
        if (wrong is not null) assigner.Report(table.OriginOf(key), $"{table.Section.PathOf(key)}: \"{wrong}\" is no address such as 10.0.0.1 or 10.0.0.0/8.");
    }

    private AccessRuleOptions BindRule(SettingTable item)
    {
        var rule = Section<AccessRuleOptions>.Bind(item, new AccessRuleOptions()) with { Origin = item.Origin.Text };
        if (item.Find("topic") is null) assigner.Report(item.Origin, "[[acl]] has no 'topic'.");
        else if (rule.FindProblem() is { } problem) assigner.Report(item.Origin, $"[[acl]]: {problem}.");

        return rule;
    }

    private List<CertificateOptions> BindCertificates(IReadOnlyList<SettingTable> items)
    {
        var certificates = new List<CertificateOptions>();
        foreach (var item in items)
        {
            var certificate = Section<CertificateOptions>.Bind(item, new CertificateOptions());
            if (certificate.File.Length == 0) assigner.Report(item.Origin, $"{item.Section.Heading} has no 'file'.");
            if (certificate.Password.Length > 0 && certificate.PasswordFile.Length > 0)
            {
                assigner.Report(item.OriginOf("password_file"), $"{item.Section.Heading} has both 'password' and 'password_file'; keep one.");
            }

            certificates.Add(certificate);
        }

        return certificates;
    }

    private ListenerOptions BindListener(SettingTable item, bool hasCommonCertificates)
    {
        var listener = Section<ListenerOptions>.Bind(item, new ListenerOptions { Name = "" }) with
        {
            Transport = ConfigurationKeys.Transports.First(transport => transport.Word == TransportOf(item)).Value,
            Certificates = BindCertificates(item.Items(ConfigurationKeys.ListenerCertificate)),
        };

        CheckName(item, listener.Name);
        if (listener.Transport == ListenerTransport.Unix)
        {
            if (listener.Path.Length == 0) assigner.Report(item.Origin, $"listener '{listener.Name}' has no 'path' for its Unix socket.");
            else listener = listener with { Path = Path.Combine(item.OriginOf("path").BaseFolder, listener.Path) };
        }

        if (listener.IsWebSocket && listener.Path.Length > 0 && !listener.Path.StartsWith('/'))
        {
            assigner.Report(item.OriginOf("path"), $"listener.path = \"{listener.Path}\": the path of a WebSocket URL begins with '/'.");
        }

        if (listener.IsTls && !listener.IsOff && listener.Certificates.Count == 0 && !hasCommonCertificates)
        {
            assigner.Report(item.Origin, $"listener '{listener.Name}' has no certificate; add a [[certificate]] with 'file' and 'key_file'.");
        }

        CheckMountPoint(item, listener.MountPoint);
        CheckClientCertificates(item, listener);
        return listener;
    }

    private void CheckClientCertificates(SettingTable item, ListenerOptions listener)
    {
        var isAsked = listener.ClientCertificate != ClientCertificateMode.None;
        if (isAsked && !listener.IsTls)
        {
            assigner.Report(item.OriginOf("client_certificate"), $"listener '{listener.Name}' has client certificates without TLS; they take transport \"tls\" or \"wss\".");
        }
        else if (isAsked && listener.ClientCaFile.Length == 0)
        {
            assigner.Report(item.OriginOf("client_certificate"), $"listener '{listener.Name}' has no 'client_ca_file' to verify client certificates with.");
        }
        else if (!isAsked && listener.CertificateUser != CertificateName.None)
        {
            assigner.Report(item.OriginOf("certificate_user"), $"listener '{listener.Name}' takes user names from certificates and does not ask for any; set 'client_certificate'.");
        }
        else if (listener.CertificateUser == CertificateName.None && listener.CertificateClientId != CertificateName.None)
        {
            assigner.Report(item.OriginOf("certificate_client_id"), $"listener '{listener.Name}' has 'certificate_client_id' without 'certificate_user'.");
        }
    }

    private void CheckName(SettingTable item, string name)
    {
        if (name.Length == 0)
        {
            assigner.Report(item.Origin, "[[listener]] has no 'name'.");
        }
        else if (name.Length > NameLengthMax || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_'))
        {
            assigner.Report(item.OriginOf("name"), $"listener.name = \"{name}\": allowed are 1 to {NameLengthMax} of a to z, 0 to 9, - and _.");
        }
    }

    private void CheckMountPoint(SettingTable item, string mountPoint)
    {
        if (mountPoint.AsSpan().ContainsAny('+', '#', '\0'))
        {
            assigner.Report(item.OriginOf("mount_point"), $"listener.mount_point = \"{mountPoint}\": a topic prefix has no wildcards '+' and '#'.");
        }
        else if (mountPoint.Length > 0 && (!mountPoint.EndsWith('/') || mountPoint.StartsWith('$')))
        {
            assigner.Report(item.OriginOf("mount_point"), $"listener.mount_point = \"{mountPoint}\": a topic prefix ends with '/' and does not begin with '$', as in \"site1/\".");
        }
    }

    private void CheckTogether(IReadOnlyList<SettingTable> items, List<ListenerOptions> listeners)
    {
        for (var i = 1; i < listeners.Count; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var (earlier, later) = (listeners[j], listeners[i]);
                if (later.Name.Length > 0 && later.Name.Replace('-', '_') == earlier.Name.Replace('-', '_'))
                {
                    assigner.Report(items[i].OriginOf("name"), $"there are two listeners named '{later.Name}'; names must differ.");
                }
                else if (SharePort(earlier, later))
                {
                    assigner.Report(
                        items[i].OriginOf("port"),
                        $"listeners '{earlier.Name}' and '{later.Name}' have the same address and port {later.Address}:{later.EffectivePort}.");
                }
            }
        }
    }

    private static bool SharePort(ListenerOptions left, ListenerOptions right) =>
        left.Transport != ListenerTransport.Unix
        && right.Transport != ListenerTransport.Unix
        && !left.EffectivePort.IsOff
        && !left.EffectivePort.IsAuto
        && left.EffectivePort == right.EffectivePort
        && left.Address == right.Address;
}
