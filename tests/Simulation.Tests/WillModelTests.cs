using Avocet.Protocol;
using Avocet.Simulation.Model;
using Xunit;

namespace Avocet.Simulation.Tests;

/// <summary>The model's judgement of wills that come too early, which no defect of a store brings about.</summary>
public sealed class WillModelTests
{
    private readonly BrokerModel _model;
    private readonly SessionLife _receiver;
    private long _step;

    public WillModelTests()
    {
        _model = new BrokerModel(new ModelWorld(() => ++_step, () => 1000, () => 0, () => true));
        _receiver = Accept(LinkOf(0));
        _model.Subscribing(_receiver, new SubscriptionSpan { Filter = "w", Qos = Qos.AtMostOnce, PossibleFrom = ++_step });
    }

    [Fact]
    public void Will_of_a_connection_that_has_not_ended_is_found()
    {
        Accept(LinkWithWill());
        Assert.Equal("will", Assert.Throws<ViolationException>(Deliver).Rule);
    }

    [Fact]
    public void Will_of_a_connection_that_a_refused_one_was_to_take_over_is_right()
    {
        var link = LinkWithWill();
        Accept(link);
        Refuse(LinkOf(1));
        link.CutAt = Message.Never;
        Deliver();
    }

    [Fact]
    public void Will_is_found_after_a_refusal_that_came_before_its_connection()
    {
        Refuse(LinkOf(1));
        Accept(LinkWithWill());
        Assert.Equal("will", Assert.Throws<ViolationException>(Deliver).Rule);
    }

    private Link LinkWithWill()
    {
        var link = LinkOf(1);
        var message = new Message { Number = 1, Publisher = 1, Topic = "w", IsWill = true, SentStep = ++_step, LastLink = link };
        link.Will = new Will { Message = message, Link = link, DelayMilliseconds = 0 };
        _model.Publishing(message);
        return link;
    }

    private Link LinkOf(int client) => new() { Number = (int)++_step, Client = client, ExpiryMilliseconds = 0, SentStep = _step, SentAt = 1000 };

    private SessionLife Accept(Link link)
    {
        _model.Connecting(link);
        return _model.Accepted(link, isPresent: false);
    }

    private void Refuse(Link link)
    {
        _model.Connecting(link);
        link.IsRefused = true;
        _model.Ended(link);
    }

    private void Deliver() => _model.Delivered(_receiver, 1, new Delivery(Qos.AtMostOnce, false, false, "w"), 1000);
}
