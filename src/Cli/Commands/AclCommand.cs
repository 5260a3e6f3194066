using System.CommandLine;
using System.Net;
using System.Text;
using Avocet.Broker.Storage;
using Avocet.Protocol;
using Avocet.Protocol.Topics;
using Avocet.Security;
using Avocet.Security.Access;
using Avocet.Security.Users;
using Avocet.Server;
using Avocet.Server.Configuration;

namespace Avocet.Cli.Commands;

/// <summary><c>avocet acl</c>: checks access files, and says which rule decides.</summary>
internal static class AclCommand
{
    /// <param name="openStore">Opens the store in a folder to be read, also while the broker runs.</param>
    public static Command Create(Func<string, IStore> openStore) => new("acl", "Check an access file, or say which rule decides what a client may do.") { CreateCheck(), new Explanation(openStore).Create() };

    private static Command CreateCheck()
    {
        var file = new Argument<string>("file") { Description = "The access file." };
        var command = new Command("check", "Say what is wrong in an access file.") { file };
        command.SetAction(parsed =>
        {
            try
            {
                var rules = AclFile.Read(parsed.GetValue(file)!).Count;
                parsed.InvocationConfiguration.Output.WriteLine($"{parsed.GetValue(file)} is good: {rules} rule{(rules == 1 ? "" : "s")}.");
                return ServerProcess.ExitSuccess;
            }
            catch (SecurityFileException exception)
            {
                parsed.InvocationConfiguration.Error.WriteLine($"avocet: {exception.Message}");
                return ServerProcess.ExitFailure;
            }
        });
        return command;
    }

    private sealed class Explanation(Func<string, IStore> openStore)
    {
        private readonly Option<string?> _config = new("--config", "-c") { Description = "The configuration file.", HelpName = "file" };
        private readonly Option<string?> _file = new("--acl-file") { Description = "An access file, instead of the configured rules.", HelpName = "file" };
        private readonly Option<string> _client = new("--client") { Description = "The client identifier.", HelpName = "id", DefaultValueFactory = _ => "some-client" };
        private readonly Option<string?> _user = new("--user") { Description = "The user name; without it the client is anonymous.", HelpName = "name" };
        private readonly Option<string?> _publish = new("--publish") { Description = "The topic it publishes to.", HelpName = "topic" };
        private readonly Option<string?> _subscribe = new("--subscribe") { Description = "The filter it subscribes to.", HelpName = "filter" };
        private readonly Option<string?> _receive = new("--receive") { Description = "The topic of a message it is to receive.", HelpName = "topic" };
        private readonly Option<int> _qos = new("--qos") { Description = "The QoS; 0 without it." };
        private readonly Option<bool> _retain = new("--retain") { Description = "The message is to be retained." };
        private readonly Option<string?> _address = new("--address") { Description = "The client's address; 127.0.0.1 without it.", HelpName = "address" };
        private readonly Option<string?> _listener = new("--listener") { Description = "The listener; the first one without it.", HelpName = "name" };

        public Command Create()
        {
            var command = new Command("explain", "Say whether a client may do something, and the rule (file and line, or role and entry) that decides.")
            {
                _config, _file, _client, _user, _publish, _subscribe, _receive, _qos, _retain, _address, _listener,
            };
            command.SetAction(parsed =>
            {
                try
                {
                    return Explain(parsed);
                }
                catch (Exception exception) when (exception is SecurityFileException or StoreException)
                {
                    parsed.InvocationConfiguration.Error.WriteLine($"avocet: {exception.Message}");
                    return ServerProcess.ExitFailure;
                }
            });
            return command;
        }

        private int Explain(ParseResult parsed)
        {
            var wishes = new[] { (AclAction.Publish, parsed.GetValue(_publish)), (AclAction.Subscribe, parsed.GetValue(_subscribe)), (AclAction.Receive, parsed.GetValue(_receive)) };
            var wish = wishes.Where(candidate => candidate.Item2 is not null).ToList();
            if (wish.Count != 1) throw new SecurityFileException("give one of --publish, --subscribe and --receive.");
            if (parsed.GetValue(_qos) is < 0 or > 2) throw new SecurityFileException("--qos is 0, 1 or 2.");

            var address = IPAddress.Loopback;
            if (parsed.GetValue(_address) is { } text && !IPAddress.TryParse(text, out address)) throw new SecurityFileException($"--address {text}: not an address.");

            var (action, topic) = (wish[0].Item1, wish[0].Item2!);
            var (rules, listener, others, users) = Read(parsed);
            var bytes = Encoding.UTF8.GetBytes(topic);
            if (action == AclAction.Subscribe && SharedFilter.TryParse(bytes, out var shared)) bytes = shared.Filter.ToArray();
            if (action == AclAction.Subscribe ? !TopicFilter.IsValid(bytes) : !TopicName.IsValid(bytes)) throw new SecurityFileException($"'{topic}' is not a valid topic.");

            bytes = [.. Encoding.UTF8.GetBytes(listener.MountPoint), .. bytes];
            var subject = new Subject(parsed.GetValue(_client)!, parsed.GetValue(_user), address, listener.Name);
            var decision = rules.Decide(subject, action, bytes, (Qos)parsed.GetValue(_qos), parsed.GetValue(_retain));
            var byRole = users?.Explain(WishOf(action), bytes, subject);
            var isAllowed = decision.IsAllowed && byRole is not { IsAllowed: false };
            var output = parsed.InvocationConfiguration.Output;
            var who = subject.UserNameText is { } user ? $"user '{user}'" : "anonymous client";
            output.WriteLine($"{(isAllowed ? "Allowed" : "Refused")}: {action.ToString().ToLowerInvariant()} {Encoding.UTF8.GetString(bytes)}, {who}, client identifier '{subject.ClientIdText}'.");
            // Where both are asked, what refuses is told, or else both.
            if (byRole is null || !decision.IsAllowed || decision.Rule is not null) output.WriteLine(decision.Rule is { } rule ? $"{rule.Origin}: {rule.Text}" : $"Because {decision.Why}.");
            if (byRole is { } known && decision.IsAllowed) output.WriteLine($"Because {known.Why}.");
            // What a file does not tell may still refuse.
            if (isAllowed && action != AclAction.Receive && others.HttpAccess.Url.Length > 0) output.WriteLine("Besides, the web service of http_access has to allow it.");
            if (isAllowed && subject.UserNameText is not null && others.Postgres.AclQuery.Length > 0) output.WriteLine("Besides, users of postgres_login have the rules of its acl_query.");
            return ServerProcess.ExitSuccess;
        }

        private static UserWish WishOf(AclAction action) => action switch
        {
            AclAction.Publish => UserWish.Send,
            AclAction.Subscribe => UserWish.Subscribe,
            _ => UserWish.Receive,
        };

        private UserRights? RightsOf(ServerOptions options, string? userName)
        {
            if (!options.Security.UsesUserDatabase) return null;
            if (options.DataFolder.Length == 0) return new UserRights(UserFile.Read(options.Security.UsersFile), userName, options.Security.Sys != SysAccess.All);

            using var store = openStore(options.DataFolder);
            var model = UserStore.Load(store) ?? throw new SecurityFileException($"{store.Location} has no users yet; the broker makes the first one when it starts.");
            return new UserRights(model, userName, options.Security.Sys != SysAccess.All);
        }

        private (AccessRules Rules, ListenerOptions Listener, SecurityOptions Others, UserRights? Users) Read(ParseResult parsed)
        {
            var configuration = ServerConfiguration.Read(new ConfigurationInput { FilePath = parsed.GetValue(_config), Environment = ConfigurationInput.ProcessEnvironment() });
            if (configuration.Errors.Count > 0) throw new SecurityFileException(configuration.Errors[0].ToString());

            var options = configuration.Options;
            var name = parsed.GetValue(_listener);
            var listener = options.Listeners.FirstOrDefault(candidate => name is null || candidate.Name == name)
                ?? throw new SecurityFileException($"there is no listener '{name}'.");
            if (parsed.GetValue(_file) is { } file) return (AccessControl.RulesOf(new SecurityOptions { AclFile = file }, hasAuthentication: true), listener, new SecurityOptions(), null);

            var security = options.EffectiveSecurity;
            return (AccessControl.RulesOf(security, security.HasAuthentication), listener, security, RightsOf(options, parsed.GetValue(_user)));
        }
    }
}
