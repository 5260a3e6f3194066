using Avocet.Protocol;
using Avocet.Simulation.Clients;
using Avocet.Simulation.Model;
using Avocet.TestKit;
using Xunit;

namespace Avocet.Simulation.Tests;

/// <summary>
/// A takeover waits for the former connection and goes on elsewhere, perhaps while some other connection's output is just being flushed. Wherever that
/// is, nothing of what anybody was to get may be lost.
/// </summary>
public sealed class TakeoverTests
{
    /// <summary>More flushes than the script has.</summary>
    private const int PointsMax = 12;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Takeover_that_goes_on_within_any_flush_loses_no_output(bool isInline)
    {
        var reached = 0;
        for (var connectAt = 1; connectAt <= PointsMax; connectAt++)
        {
            for (var resumeAt = connectAt; resumeAt <= PointsMax; resumeAt++) reached += new Script(isInline, connectAt, resumeAt).Run() ? 1 : 0;
        }

        Assert.True(reached >= PointsMax, $"Only {reached} of the runs had the takeover within a flush.");
    }

    /// <summary>A reader, and a writer whose second connection takes over while its first one is being served.</summary>
    private sealed class Script
    {
        private readonly SimulatedWorld _world;
        private readonly ClientState _readerState = new();
        private readonly ClientState _writerState = new();
        private readonly List<ClientLink> _links = [];
        private readonly int _connectAt;
        private readonly int _resumeAt;
        private ClientLink? _second;
        private int _flushes;
        private bool _isOpen;

        public Script(bool isInline, int connectAt, int resumeAt)
        {
            var plan = RunPlan.Of(1, mayCrash: false);
            _world = new SimulatedWorld(plan with { IsInline = isInline, WireBuffer = 65536, Clients = 2, HasTinyQueues = false, Options = new Broker.BrokerOptions { SysIntervalSeconds = 0 } });
            (_connectAt, _resumeAt) = (connectAt, resumeAt);
        }

        /// <summary>True when the second CONNECT came within a flush.</summary>
        public bool Run()
        {
            var reader = Connect(0, _readerState);
            var writer = Connect(1, _writerState);
            Settle();
            var span = new SubscriptionSpan { Filter = "a/#", Qos = Qos.AtLeastOnce, SendsRetained = true, PossibleFrom = _world.NextStep() };
            reader.Subscribe(span, Given.Subscribe(1).Filter("a/#", Qos.AtLeastOnce), 1);
            Settle();

            for (var i = 0; i < 3; i++) Publish(writer, i == 1 ? Qos.ExactlyOnce : Qos.AtLeastOnce);

            _world.OnFlush = OnFlush;
            _isOpen = true;
            _world.Run(() => writer.Wire.Deliver(int.MaxValue));
            Settle();
            _isOpen = false;
            var wasWithin = _second is not null;
            _second ??= Connect(1, _writerState);
            Settle();

            Assert.True(_second.IsAccepted, $"No CONNACK after a takeover at flush {_connectAt} that went on at flush {_resumeAt}.");
            Publish(_second, Qos.AtLeastOnce);
            Settle();
            Assert.Empty(_writerState.Outbound);
            Assert.All(_world.Model.Messages.Values, message => Assert.Equal(Outcome.Acknowledged, message.Outcome));
            _world.Model.CheckArrived();
            return wasWithin;
        }

        private void OnFlush()
        {
            if (!_isOpen) return;

            _flushes++;
            if (_flushes == _connectAt)
            {
                _second = Connect(1, _writerState);
                _second.Wire.Deliver(int.MaxValue);
            }

            if (_flushes < _resumeAt) return;

            _world.Machine.Time.AwaitHops();
            while (_world.Machine.Work.Count > 0) _world.Machine.Work.Run(0);
        }

        private ClientLink Connect(int client, ClientState state)
        {
            var link = new Link { Number = _world.NextWire, Client = client, ExpiryMilliseconds = 100_000_000, SentStep = _world.NextStep(), SentAt = _world.Now };
            _world.Model.Connecting(link);
            var connection = new ClientLink(_world, client, state, ProtocolVersion.V50, link, _world.OpenWire(link), ushort.MaxValue);
            connection.Send(Given.Client($"c{client}").Persistent(100_000), "CONNECT");
            _links.Add(connection);
            return connection;
        }

        private void Publish(ClientLink link, Qos qos)
        {
            var message = new Message { Number = _world.NextMessage(), Publisher = 1, Topic = "a/b", Qos = qos, SentStep = _world.NextStep(), LastLink = link.Link };
            _world.Model.Publishing(message);
            link.Publish(message);
        }

        private void Settle()
        {
            for (var hasWork = true; hasWork;)
            {
                hasWork = _world.Machine.Work.Count > 0;
                if (hasWork) _world.Run(() => _world.Machine.Work.Run(0));

                foreach (var link in _links.ToList())
                {
                    if (link.Wire.HasUnderWay)
                    {
                        _world.Run(() => link.Wire.Deliver(int.MaxValue));
                        hasWork = true;
                    }

                    if (link.HasEnded || !link.Wire.HasNews()) continue;

                    // The first connection of the writer is read no more once the second one is there.
                    _world.Run(() => link.Read(int.MaxValue));
                    hasWork = true;
                }
            }
        }
    }
}
