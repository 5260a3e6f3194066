using System.Globalization;

namespace Avocet.Server;

/// <summary>A TCP port to listen on: a number from 1 to 65,535, <see cref="Off"/> or <see cref="Auto"/>.</summary>
public readonly record struct ListenPort
{
    private ListenPort(int number)
    {
        Number = number;
    }

    /// <summary>The listener is not opened.</summary>
    public static ListenPort Off => default;

    /// <summary>The operating system chooses a free port; <see cref="BoundListener.EndPoint"/> tells which.</summary>
    public static ListenPort Auto => new(-1);

    public bool IsOff => Number == 0;

    public bool IsAuto => Number == -1;

    /// <summary>The port to ask the operating system for; 0 asks for any.</summary>
    internal int ToBind => IsAuto ? 0 : Number;

    private int Number { get; }

    public static ListenPort Of(int number)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(number, 65_535);
        return new ListenPort(number);
    }

    public override string ToString() => IsAuto ? "auto" : Number.ToString(CultureInfo.InvariantCulture);
}
