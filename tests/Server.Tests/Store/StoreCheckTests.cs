using Avocet.Broker.Storage;
using Avocet.Broker.Storage.Records;
using Avocet.Cli.Store;
using Avocet.Protocol;
using Avocet.Protocol.Packets;
using Xunit;

namespace Avocet.Server.Tests.Store;

/// <summary>What <c>avocet store check</c> finds.</summary>
public sealed class StoreCheckTests : IDisposable
{
    private readonly MemoryStore _store = new();

    private StoreContent Content => new(_store);

    [Fact]
    public void Store_with_everything_is_sound()
    {
        var (check, problems) = Run(StoreContent.Everything());

        Assert.Empty(problems);
        Assert.Equal(0, check.Problems);
        Assert.Equal("14 records: 2 sessions, 2 subscriptions, 3 queued messages, 1 shared messages, 2 retained messages", check.Counts.ToString());
    }

    [Fact]
    public void Shared_message_that_does_not_exist_is_a_problem()
    {
        Content.Session(1, "c");
        Content.Queued(1, 4, new QueueRecord { Qos = Qos.AtLeastOnce, MessageNumber = 9 });

        Assert.Equal("Queue 00000000000000010000000000000004: is to deliver message 9, which does not exist: this message is lost.", TextOfOnly());
    }

    [Fact]
    public void Delivery_that_is_done_may_name_a_message_that_is_gone()
    {
        Content.Session(1, "c");
        Content.Progress(1, new ProgressRecord(1, [new(2, ProgressState.Pubrel)]));
        Content.Queued(1, 0, new QueueRecord { Qos = Qos.AtLeastOnce, MessageNumber = 8 });
        Content.Queued(1, 2, new QueueRecord { Qos = Qos.ExactlyOnce, MessageNumber = 9 });

        Assert.Empty(Run(_store).Problems);
    }

    [Fact]
    public void Second_session_of_a_client_is_left_over_from_a_crash()
    {
        Content.Session(1, "c");
        Content.Session(2, "c");

        var (check, problems) = Run(_store);

        Assert.Equal(0, check.Problems);
        Assert.Equal("a second session of client 'c', beside session 1; the later one replaced the other.", Assert.Single(problems).Meaning);
    }

    [Fact]
    public void Topic_that_is_not_valid_is_a_problem()
    {
        Content.Retained(StoreContent.Message("a/#", "x"));
        Content.Session(1, "c");
        Content.Subscription(1, "a/#/b", new SubscriptionOptions(Qos.AtMostOnce, false, false, RetainHandling.SendAtSubscribe), 0);

        var texts = Run(_store).Problems.ConvertAll(problem => problem.Meaning);

        Assert.Equal(["has the topic filter 'a/#/b', which MQTT does not allow.", "has the topic name 'a/#', which MQTT does not allow."], texts);
    }

    [Fact]
    public void Damaged_record_is_told_and_the_others_are_read()
    {
        Content.Session(1, "c");
        Content.Put(StoreTable.Queue, StoreKeys.OfQueue(1, 0), 0x01);
        Content.Queued(1, 1, new QueueRecord { Qos = Qos.AtLeastOnce, Message = StoreContent.Message("a", "x") });

        var (check, problems) = Run(_store);

        Assert.Contains("is damaged: it ends too early", Assert.Single(problems).Meaning, StringComparison.Ordinal);
        Assert.Equal(1, check.Counts.Queued);
    }

    [Fact]
    public void Records_without_session_are_problems_and_repaired()
    {
        Content.Session(2, "c");
        Content.Subscription(1, "a", new SubscriptionOptions(Qos.AtMostOnce, false, false, RetainHandling.SendAtSubscribe), 0);
        Content.Put(StoreTable.Received, StoreKeys.OfReceived(1, 1));
        Content.Put(StoreTable.Received, StoreKeys.OfReceived(1, 2));
        Content.Put(StoreTable.Received, StoreKeys.OfReceived(2, 2));
        Content.Progress(3, new ProgressRecord(1, []));

        var (check, problems) = Run(_store);
        Assert.Equal(["Subscriptions", "Received", "Progress"], problems.ConvertAll(problem => problem.Table.ToString()));
        Assert.Equal("2 records of session 1, which does not exist.", problems[1].Meaning);

        check.Repair();
        Assert.Empty(Run(_store).Problems);
        Assert.NotNull(_store.Get(StoreTable.Received, StoreKeys.OfReceived(2, 2)));
    }

    [Fact]
    public void Message_that_no_session_is_to_get_is_left_over_after_a_crash()
    {
        Content.Shared(1, StoreContent.Message("a", "x"));

        Assert.True(Assert.Single(Run(_store).Problems).IsLeftOver);
    }

    [Fact]
    public void Message_that_no_session_is_to_get_is_a_problem_after_an_orderly_stop_and_repaired()
    {
        Content.Put(StoreTable.Meta, StoreKeys.Stopped);
        Content.Session(1, "c");
        Content.Queued(1, 0, new QueueRecord { Qos = Qos.AtLeastOnce, MessageNumber = 2 });
        foreach (var number in (ReadOnlySpan<long>)[1, 2, 3, 4]) Content.Shared(number, StoreContent.Message("a", "x"));

        var (check, problems) = Run(_store);
        Assert.Equal(["1 shared messages that no session is to get.", "2 shared messages that no session is to get."], problems.ConvertAll(problem => problem.Meaning));

        check.Repair();
        Assert.Empty(Run(_store).Problems);
        Assert.NotNull(_store.Get(StoreTable.Messages, StoreKeys.OfNumber(2)));
    }

    [Fact]
    public void Queue_of_an_ended_session_is_left_over_and_no_problem()
    {
        Content.Queued(1, 0, new QueueRecord { Qos = Qos.AtLeastOnce, MessageNumber = 2 });
        Content.Shared(2, StoreContent.Message("a", "x"));

        var (check, problems) = Run(_store);
        Assert.Equal(0, check.Problems);
        Assert.All(problems, problem => Assert.StartsWith("left over: ", problem.ToString(), StringComparison.Ordinal));

        check.Repair();
        Assert.Empty(Run(_store).Problems);
    }

    public void Dispose() => _store.Dispose();

    private string TextOfOnly()
    {
        var problem = Assert.Single(Run(_store).Problems);
        return problem.ToString()[..^(problem.Advice.Length + 1)];
    }

    private static (StoreCheck Check, List<StoreProblem> Problems) Run(IStore store)
    {
        var problems = new List<StoreProblem>();
        var check = new StoreCheck(store, problems.Add);
        check.Run();
        return (check, problems);
    }
}
