using System.Collections.Concurrent;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Xunit;

namespace Avocet.WebConsole.Tests.Support;

/// <summary>A page of the console in a profile of its own. Whatever it complains about in the browser's console, such as the Content-Security-Policy, fails the test.</summary>
internal sealed class ConsolePage : IAsyncDisposable
{
    private const float DeadlineMilliseconds = 15_000;

    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = [];

    private ConsolePage(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.SetDefaultTimeout(DeadlineMilliseconds);
        page.Console += (_, message) =>
        {
            // What the API refuses is shown on the page; the browser notes it all the same.
            if (message.Type is "error" or "warning" && !message.Text.Contains("Failed to load resource", StringComparison.Ordinal)) _complaints.Enqueue(message.Text);
        };
        page.PageError += (_, error) => _complaints.Enqueue(error);
    }

    public IPage Page { get; }

    public IEnumerable<string> Complaints => _complaints;

    public static async Task<ConsolePage> OpenAsync(IBrowserContext context, string path)
    {
        var page = new ConsolePage(context, await context.NewPageAsync());
        await page.Page.GotoAsync(path);
        return page;
    }

    /// <summary>Another tab of the same browser profile.</summary>
    public Task<ConsolePage> OpenTabAsync(string path) => OpenAsync(_context, path);

    public async Task LogInAsync(string name, string password)
    {
        await Page.GetByLabel("Name").FillAsync(name);
        await Page.GetByLabel("Password").FillAsync(password);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await SeesAsync(Page.GetByRole(AriaRole.Button, new() { Name = "Log out" }));
    }

    /// <summary>On the page that the setup link leads to.</summary>
    public async Task SetUpAsync(string name)
    {
        await Page.GetByLabel("Name").FillAsync(name);
        await Page.GetByLabel("Password, at least").FillAsync(ConsoleFixture.Password);
        await Page.GetByLabel("The same again").FillAsync(ConsoleFixture.Password);
        await Button("Make the user").ClickAsync();
        await SeesAsync(Heading("Overview"));
    }

    /// <summary>Asks the API as the page does.</summary>
    /// <returns>The status.</returns>
    public Task<int> PostAsync(string path, string body) => Page.EvaluateAsync<int>(
        "([path, body]) => fetch('/api/v1' + path, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Avocet-Console': '1' }, body }).then(response => response.status)", new[] { path, body });

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Link(string name) => Page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });

    public ILocator Heading(string name) => Page.GetByRole(AriaRole.Heading, new() { Name = name, Exact = true });

    public ILocator Text(string text) => Page.Locator("#content").GetByText(text, new() { Exact = true });

    public static Task SeesAsync(ILocator locator) => Assertions.Expect(locator.First).ToBeVisibleAsync(new() { Timeout = DeadlineMilliseconds });

    public static Task SeesNothingOfAsync(ILocator locator) => Assertions.Expect(locator).ToHaveCountAsync(0, new() { Timeout = DeadlineMilliseconds });

    public Task SeesAsync(string text) => SeesAsync(Page.GetByText(text));

    /// <summary>What axe finds wrong, a line each.</summary>
    public async Task<IReadOnlyList<string>> FindBarriersAsync()
    {
        var result = await Page.RunAxe();
        return [.. result.Violations.SelectMany(violation => violation.Nodes.Select(node => $"{violation.Id}: {node.Html} ({node.Any?.FirstOrDefault()?.Message ?? violation.Help})"))];
    }

    /// <summary>By how many pixels the page is wider than its window.</summary>
    public Task<int> OverhangAsync() =>
        Page.EvaluateAsync<int>("() => Math.max(document.documentElement.scrollWidth - innerWidth, (document.querySelector('#content')?.scrollWidth ?? 0) - (document.querySelector('#content')?.clientWidth ?? 0))");

    public async ValueTask DisposeAsync()
    {
        // A browser forgets a tab's complaints when the tab is gone.
        var complaints = Complaints.ToList();
        await _context.CloseAsync();
        Assert.Empty(complaints);
    }
}
