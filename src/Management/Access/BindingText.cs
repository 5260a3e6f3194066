using System.Text.RegularExpressions;

namespace Avocet.Management.Access;

/// <summary>What the framework says of requests that do not fit, in words of the API: its own name types of C#, which callers do not know.</summary>
internal static partial class BindingText
{
    /// <summary>Of a body.</summary>
    public static string OfBody(string message)
    {
        var text = FirstSentence(message);
        if (text.Contains("missing required properties", StringComparison.Ordinal)) return $"missing is {text[(text.IndexOf("including:", StringComparison.Ordinal) + "including:".Length)..].Trim()}";
        if (text.Contains("could not be mapped", StringComparison.Ordinal) && Quoted().Match(text) is { Success: true } unknown) return $"there is no property {unknown.Value}";
        if (text.Contains("could not be converted", StringComparison.Ordinal)) return "the value is of another type than this property";

        if (text.StartsWith("Expected depth", StringComparison.Ordinal) || text.EndsWith("reached end of data", StringComparison.Ordinal)) return "the JSON is not complete";

        return OfNoType(text, "the value does not fit this property");
    }

    /// <summary>Of a parameter, or of a request as a whole.</summary>
    public static string OfParameter(string message)
    {
        var text = FirstSentence(message);
        if (Unfit().Match(text) is { Success: true } unfit) return $"{unfit.Groups[1].Value} is '{unfit.Groups[2].Value}', which does not fit";
        if (text.EndsWith("from body", StringComparison.Ordinal) || text.StartsWith("Implicit body", StringComparison.Ordinal)) return "The body is missing";
        if (Missing().Match(text) is { Success: true } missing) return $"{missing.Groups[1].Value} is missing";

        return OfNoType(text, "The request does not fit");
    }

    private static string OfNoType(string text, string otherwise) =>
        text.Contains("Avocet.", StringComparison.Ordinal) || text.Contains("System.", StringComparison.Ordinal) || text.Contains("Nullable", StringComparison.Ordinal) ? otherwise : text;

    private static string FirstSentence(string message)
    {
        var text = message.ReplaceLineEndings(" ");
        var end = text.IndexOf(" Path: ", StringComparison.Ordinal);
        return (end < 0 ? text : text[..end]).TrimEnd('.', ' ');
    }

    [GeneratedRegex("'[^']*'")]
    private static partial Regex Quoted();

    [GeneratedRegex("^Failed to bind parameter \"[^\"]* (\\w+)\" from \"(.*)\"$")]
    private static partial Regex Unfit();

    [GeneratedRegex("^Required parameter \"[^\"]* (\\w+)\" was not provided")]
    private static partial Regex Missing();
}
