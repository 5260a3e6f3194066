using System.Text.Json.Serialization;

namespace Avocet.Security.Http;

/// <summary>Reads answers and writes questions without reflection.</summary>
[JsonSerializable(typeof(HttpQuestion))]
[JsonSerializable(typeof(HttpAnswer))]
[JsonSerializable(typeof(HttpAccessQuestion))]
internal sealed partial class HttpJson : JsonSerializerContext;
