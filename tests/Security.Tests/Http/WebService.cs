using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Avocet.Security.Tests.Http;

/// <summary>A real web service on loopback, that answers as a test says.</summary>
internal sealed class WebService : IDisposable
{
    private readonly HttpListener _listener;
    private readonly ConcurrentQueue<string> _questions = new();

    public WebService()
    {
        Url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort()}/");
        _listener = Listen();
    }

    public string Url { get; }

    /// <summary>Status and text for a question; null for no answer at all.</summary>
    public Func<string, (int Status, string Text)?> Answer { get; set; } = _ => (204, "");

    public IReadOnlyCollection<string> Questions => _questions;

    public void Dispose() => _listener.Close();

    private HttpListener Listen()
    {
        var listener = new HttpListener { Prefixes = { Url } };
        listener.Start();
        _ = ServeAsync(listener);
        return listener;
    }

    private async Task ServeAsync(HttpListener listener)
    {
        while (listener.IsListening)
        {
            try
            {
                _ = AnswerAsync(await listener.GetContextAsync());
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
        var question = await reader.ReadToEndAsync();
        _questions.Enqueue(question);
        if (Answer(question) is not { } answer) return;

        context.Response.StatusCode = answer.Status;
        if (answer.Text.Length > 0) await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(answer.Text));
        context.Response.Close();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
