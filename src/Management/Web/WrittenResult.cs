using Microsoft.AspNetCore.Http;

namespace Avocet.Management.Web;

/// <summary>An answer that is written by a function.</summary>
internal sealed class WrittenResult(Func<HttpContext, Task> write) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext) => write(httpContext);
}
