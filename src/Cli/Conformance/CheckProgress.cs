namespace Avocet.Cli.Conformance;

/// <summary>A line that counts on a terminal; nothing elsewhere.</summary>
internal sealed class CheckProgress(TextWriter error)
{
    private const int Width = 70;

    private readonly bool _isShown = error == Console.Error && !Console.IsErrorRedirected;
    private int _done;

    public void Show(CheckResult result)
    {
        _done++;
        if (_isShown) error.Write($"\r{_done} checks done, last {result.Check.Name}".PadRight(Width));
    }

    public void Clear()
    {
        if (_isShown) error.Write($"\r{"",-Width}\r");
    }
}
