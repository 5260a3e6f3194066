using Avocet.Broker.Security;
using Avocet.Security.Passwords;

namespace Avocet.Security.Postgres;

/// <summary>A user as the database has it.</summary>
/// <param name="Hash">Of the password.</param>
/// <param name="MayLogIn">Whether the user may log in at present.</param>
/// <param name="IsSuperuser">Whether no access rules hold for the user.</param>
/// <param name="Rules">The user's own rules; null for none.</param>
internal sealed record PostgresUser(PasswordHash Hash, bool MayLogIn, bool IsSuperuser, IAuthorizer? Rules);

/// <summary>What came of a question.</summary>
/// <param name="User">Null where there is no such user.</param>
/// <param name="Problem">What is wrong with the user's rows; null when nothing is.</param>
internal readonly record struct PostgresAnswer(PostgresUser? User, string? Problem = null);
