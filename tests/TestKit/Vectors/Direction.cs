namespace Avocet.TestKit.Vectors;

/// <summary>Who may send a packet.</summary>
[Flags]
public enum Direction
{
    None = 0,
    ToServer = 1,
    ToClient = 2,
    Both = ToServer | ToClient,
}
