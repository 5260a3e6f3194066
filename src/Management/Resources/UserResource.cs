using Avocet.Management.Access;
using Avocet.Management.Accounts;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <summary>A user of the console.</summary>
public sealed record UserDocument(string Name, Role Role, DateTimeOffset CreatedAt);

public sealed record NewUser(string Name, string Password, Role Role);

/// <summary>What is to change; what is left out stays.</summary>
public sealed record UserChange
{
    public string? Password { get; init; }

    public Role? Role { get; init; }
}

/// <summary>The users of the console.</summary>
internal static class UserResource
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/users", List).Needs(Scope.Admin).Produces<Page<UserDocument>>().WithTags("Users").WithSummary("The users of the console");
        api.MapPost("/users", Create).Needs(Scope.Admin).Produces<UserDocument>(StatusCodes.Status201Created).WithTags("Users").WithSummary("Add a user");
        api.MapGet("/users/{name}", Get).Needs(Scope.Admin).Produces<UserDocument>().WithTags("Users").WithSummary("One user; ETag is for If-Match");
        api.MapPatch("/users/{name}", Patch).Needs(Scope.Admin).Produces<UserDocument>().WithTags("Users").WithSummary("Change role or password; his sessions end");
        api.MapDelete("/users/{name}", Delete).Needs(Scope.Admin).Produces(StatusCodes.Status204NoContent).WithTags("Users").WithSummary("Delete a user; his sessions end");
    }

    /// <summary>For the audit log.</summary>
    public static Dictionary<string, string> Describe(ConsoleUser user) => new() { ["role"] = ApiNames.Of(user.Role) };

    /// <summary>Changes a user and ends his sessions.</summary>
    /// <exception cref="ApiException">He is gone, was changed meanwhile, or is the last admin.</exception>
    public static (ConsoleUser Before, ConsoleUser After) Change(ManagementContext management, string name, string? ifMatch, Func<ConsoleUser, ConsoleUser> change)
    {
        ConsoleUser? before = null, after = null;
        management.Accounts.Edit(document =>
        {
            before = Find(document, name);
            CheckMatch(before, ifMatch);
            after = change(before) with { Revision = before.Revision + 1 };
            return CheckAdmins(document, document.With(after));
        });
        management.Sessions.EndAll(name);
        return (before!, after!);
    }

    private static IResult List(string? cursor, int? limit, [FromServices] ManagementContext management)
    {
        var page = Paging.Cut(management.Accounts.Current.Users.OrderBy(user => user.Name, StringComparer.Ordinal), user => user.Name, cursor, limit);
        return TypedResults.Ok(new Page<UserDocument>([.. page.Items.Select(ToDocument)], page.Next));
    }

    private static IResult Create([FromBody] NewUser request, HttpContext context, [FromServices] ManagementContext management)
    {
        if ((Users.FindNameProblem(request.Name) ?? Users.FindPasswordProblem(request.Password)) is { } problem) return Problem.BadRequest(problem + ".");
        if (!Enum.IsDefined(request.Role)) return Problem.BadRequest("role is one of viewer, operator, admin.");

        var user = Users.Create(request.Name, request.Password, request.Role, management.TimeProvider.GetUtcNow());
        management.Accounts.Edit(document =>
        {
            if (document.Users.Any(other => other.Name == user.Name)) throw new ApiException(Problem.Conflict($"There is a user '{user.Name}' already."));
            if (document.Users.Count >= ManagementLimits.UsersMax) throw new ApiException(Problem.Conflict($"There are {ManagementLimits.UsersMax} users, which is the most."));

            return document.With(user);
        });
        management.Note(context, "user.create", user.Name, null, Describe(user));
        context.Response.Headers.ETag = Users.EntityTagOf(user);
        return TypedResults.Created($"/api/v1/users/{user.Name}", ToDocument(user));
    }

    private static IResult Get(string name, HttpContext context, [FromServices] ManagementContext management)
    {
        var user = Find(management.Accounts.Current, name);
        context.Response.Headers.ETag = Users.EntityTagOf(user);
        return TypedResults.Ok(ToDocument(user));
    }

    private static IResult Patch(string name, [FromBody] UserChange request, HttpContext context, [FromServices] ManagementContext management)
    {
        if (request.Password is null && request.Role is null) return Problem.BadRequest("Nothing is to change; give role or password.");
        if (request.Password is not null && Users.FindPasswordProblem(request.Password) is { } problem) return Problem.BadRequest(problem + ".");
        if (request.Role is { } role && !Enum.IsDefined(role)) return Problem.BadRequest("role is one of viewer, operator, admin.");

        // Before the time of hashing is spent.
        CheckMatch(Find(management.Accounts.Current, name), IfMatchOf(context));
        var hash = request.Password is { } password ? Users.HashOf(password) : null;
        var (before, after) = Change(management, name, IfMatchOf(context), user => user with
        {
            PasswordHash = hash ?? user.PasswordHash,
            Role = request.Role ?? user.Role,
        });
        management.Note(context, hash is null ? "user.change" : "user.password", name, Describe(before), Describe(after));
        context.Response.Headers.ETag = Users.EntityTagOf(after);
        return TypedResults.Ok(ToDocument(after));
    }

    private static IResult Delete(string name, HttpContext context, [FromServices] ManagementContext management)
    {
        ConsoleUser? gone = null;
        management.Accounts.Edit(document =>
        {
            gone = Find(document, name);
            CheckMatch(gone, IfMatchOf(context));
            return CheckAdmins(document, document with { Users = [.. document.Users.Where(user => user.Name != name)] });
        });
        management.Sessions.EndAll(name);
        management.Note(context, "user.delete", name, Describe(gone!));
        return TypedResults.NoContent();
    }

    private static string? IfMatchOf(HttpContext context) => context.Request.Headers.IfMatch.ToString() is { Length: > 0 } text ? text : null;

    private static ConsoleUser Find(ConsoleDocument document, string name) =>
        document.Users.FirstOrDefault(user => user.Name == name) ?? throw new ApiException(Problem.NotFound("There is no such user."));

    private static void CheckMatch(ConsoleUser user, string? ifMatch)
    {
        if (ifMatch is null or "*" || ifMatch.Split(',', StringSplitOptions.TrimEntries).Contains(Users.EntityTagOf(user), StringComparer.Ordinal)) return;

        throw new ApiException(Problem.PreconditionFailed($"The user '{user.Name}' was changed meanwhile. Get it again, and decide anew."));
    }

    private static ConsoleDocument CheckAdmins(ConsoleDocument before, ConsoleDocument after)
    {
        var goesLast = before.Users.Any(user => user.Role == Role.Admin) && !after.Users.Any(user => user.Role == Role.Admin);
        return goesLast ? throw new ApiException(Problem.Conflict("This is the last admin. Make another one first.")) : after;
    }

    private static UserDocument ToDocument(ConsoleUser user) => new(user.Name, user.Role, user.CreatedAt);
}
