using Avocet.Management.Access;
using Avocet.Management.Accounts;
using Avocet.Management.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Avocet.Management.Resources;

/// <summary>Whether the first user is still to be made.</summary>
public sealed record SetupState(bool IsNeeded);

/// <param name="Token">From the link in the broker's log.</param>
/// <param name="Name">The first user, who is an admin.</param>
/// <param name="Password">His password.</param>
public sealed record SetupRequest(string Token, string Name, string Password);

public sealed record LoginRequest(string Name, string Password);

public sealed record PasswordChange(string CurrentPassword, string NewPassword);

/// <summary>Who asks.</summary>
/// <param name="Name">The user, <c>key:NAME</c>, or <c>local</c>.</param>
/// <param name="Scope">What he may do.</param>
public sealed record MeDocument(string Name, Scope Scope);

/// <summary>The first user, logging in and out, and who one is.</summary>
internal static class AccountResource
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/setup", GetSetup).IsOpen().Produces<SetupState>().WithTags("Account").WithSummary("Whether the first user is still to be made");
        api.MapPost("/setup", SetUp).IsOpenToOwnPages().Produces<MeDocument>().WithTags("Account").WithSummary("Make the first user, with the token of the link in the log");
        api.MapPost("/login", LogInAsync).IsOpenToOwnPages().Produces<MeDocument>().WithTags("Account").WithSummary("Log in; the session is in a cookie");
        api.MapPost("/logout", LogOut).Needs(Scope.Read).Produces(StatusCodes.Status204NoContent).WithTags("Account").WithSummary("End the session");
        api.MapGet("/me", GetMe).Needs(Scope.Read).Produces<MeDocument>().WithTags("Account").WithSummary("Who asks, and what he may do");
        api.MapPost("/me/password", ChangePasswordAsync).Needs(Scope.Read).Produces(StatusCodes.Status204NoContent).WithTags("Account")
            .WithSummary("Change one's own password; other sessions end");
    }

    private static IResult GetSetup([FromServices] ManagementContext management) => TypedResults.Ok(new SetupState(management.Setup.IsNeeded));

    private static IResult SetUp([FromBody] SetupRequest request, HttpContext context, [FromServices] ManagementContext management)
    {
        if (!management.Setup.IsNeeded) return Problem.Conflict("There are users already. Log in, or use 'avocet console reset-password'.");
        if (management.Setup.IsOver) return Problem.Forbidden("The setup link is too old. Restart the broker for a new one, or use 'avocet console add-user'.");
        if (!management.Setup.IsRight(request.Token)) return Problem.Forbidden("This is not the token of the setup link. The link is in the broker's log of its last start.");
        if (FindProblem(request.Name, request.Password) is { } problem) return Problem.BadRequest(problem + ".");

        var user = Users.Create(request.Name, request.Password, Role.Admin, management.TimeProvider.GetUtcNow());
        management.Accounts.Edit(document => document.Users.Count > 0
            ? throw new ApiException(Problem.Conflict("There are users already. Log in instead."))
            : document.With(user));
        management.Audit.Add(user.Name, ManagementContext.AddressOf(context), "user.create", user.Name, null, UserResource.Describe(user));
        return Begin(user, context, management);
    }

    private static async Task<IResult> LogInAsync([FromBody] LoginRequest request, HttpContext context, [FromServices] ManagementContext management)
    {
        // Neither can be right, and a hash of a megabyte is work.
        if (Users.FindNameProblem(request.Name) is not null || request.Password.Length > ManagementLimits.PasswordBytesMax) return WrongPassword;

        var result = await management.Passwords.CheckAsync(request.Name, request.Password, ManagementContext.RemoteOf(context), context.RequestAborted);
        if (result == LoginResult.Success && management.Accounts.FindUser(request.Name) is { } user)
        {
            management.Audit.Add(user.Name, ManagementContext.AddressOf(context), "login", user.Name);
            return Begin(user, context, management);
        }

        if (result == LoginResult.TooMany) return TooMany(context);

        management.Audit.Add("", ManagementContext.AddressOf(context), "login.failed", request.Name);
        return WrongPassword;
    }

    private static IResult LogOut(HttpContext context, [FromServices] ManagementContext management)
    {
        if (SessionCookie.Read(context, management.Options.IsTls) is { } secret) management.Sessions.End(secret);

        SessionCookie.Clear(context, management.Options.IsTls);
        return TypedResults.NoContent();
    }

    private static IResult GetMe(HttpContext context)
    {
        var caller = Caller.Of(context);
        return TypedResults.Ok(new MeDocument(caller.Name, caller.Scope));
    }

    private static async Task<IResult> ChangePasswordAsync([FromBody] PasswordChange request, HttpContext context, [FromServices] ManagementContext management)
    {
        if (Caller.Of(context).User is not { } name) return Problem.Forbidden("An API key has no password; log in as the user.");
        if (Users.FindPasswordProblem(request.NewPassword) is { } problem) return Problem.BadRequest(problem + ".");
        if (request.CurrentPassword.Length > ManagementLimits.PasswordBytesMax) return WrongPassword;

        var result = await management.Passwords.CheckAsync(name, request.CurrentPassword, ManagementContext.RemoteOf(context), context.RequestAborted);
        if (result == LoginResult.TooMany) return TooMany(context);
        if (result == LoginResult.Wrong) return Problem.Forbidden("The current password is wrong.");

        var hash = Users.HashOf(request.NewPassword);
        var (_, user) = UserResource.Change(management, name, null, before => before with { PasswordHash = hash });
        management.Note(context, "user.password", name);
        SessionCookie.Set(context, management.Options.IsTls, management.Sessions.Begin(user));
        return TypedResults.NoContent();
    }

    private static Problem WrongPassword => Problem.Unauthorized("The user or the password is wrong. On the broker's machine 'avocet console reset-password' sets a new one.");

    private static Problem TooMany(HttpContext context)
    {
        context.Response.Headers.RetryAfter = "30";
        return new Problem(StatusCodes.Status429TooManyRequests, "Too many log-ins", "Too many log-ins have failed or are under way. Try again later.");
    }

    private static IResult Begin(ConsoleUser user, HttpContext context, ManagementContext management)
    {
        SessionCookie.Set(context, management.Options.IsTls, management.Sessions.Begin(user));
        return TypedResults.Ok(new MeDocument(user.Name, (Scope)user.Role));
    }

    private static string? FindProblem(string name, string password) => Users.FindNameProblem(name) ?? Users.FindPasswordProblem(password);
}
