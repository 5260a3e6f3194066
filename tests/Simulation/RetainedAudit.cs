namespace Avocet.Simulation;

/// <summary>At the end somebody new subscribes to everything and must get, for each topic, the retained message it must have.</summary>
internal sealed class RetainedAudit(SimulatedWorld world, Func<bool> step)
{
    public void Run(int number)
    {
        _ = (world, step, number);
    }
}
