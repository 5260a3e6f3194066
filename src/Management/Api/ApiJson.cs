using System.Text.Json;
using System.Text.Json.Serialization;
using Avocet.Management.Audit;
using Avocet.Management.Resources;

namespace Avocet.Management.Api;

/// <summary>All documents of the API. Names as in the configuration: small letters and underscores.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(Page<AuditEntry>))]
[JsonSerializable(typeof(Page<UserDocument>))]
[JsonSerializable(typeof(Page<KeyDocument>))]
[JsonSerializable(typeof(NewUser))]
[JsonSerializable(typeof(UserChange))]
[JsonSerializable(typeof(NewKey))]
[JsonSerializable(typeof(CreatedKey))]
[JsonSerializable(typeof(SetupState))]
[JsonSerializable(typeof(SetupRequest))]
[JsonSerializable(typeof(LoginRequest))]
[JsonSerializable(typeof(PasswordChange))]
[JsonSerializable(typeof(MeDocument))]
[JsonSerializable(typeof(VersionDocument))]
[JsonSerializable(typeof(HealthDocument))]
[JsonSerializable(typeof(OverviewDocument))]
[JsonSerializable(typeof(IReadOnlyList<ListenerDocument>))]
[JsonSerializable(typeof(IReadOnlyList<SettingDocument>))]
[JsonSerializable(typeof(ReloadDocument))]
[JsonSerializable(typeof(StoreDocument))]
[JsonSerializable(typeof(DisconnectRequest))]
[JsonSerializable(typeof(DisconnectDocument))]
[JsonSerializable(typeof(PublishRequest))]
[JsonSerializable(typeof(PublishDocument))]
[JsonSerializable(typeof(ClientsDocument))]
[JsonSerializable(typeof(QueueDocument))]
[JsonSerializable(typeof(Page<SubscriptionDocument>))]
[JsonSerializable(typeof(IReadOnlyList<MessageDocument>))]
[JsonSerializable(typeof(RemoveRetainedRequest))]
[JsonSerializable(typeof(RemoveRetainedDocument))]
[JsonSerializable(typeof(EventsDocument))]
[JsonSerializable(typeof(ExplanationDocument))]
[JsonSerializable(typeof(SessionRequest))]
[JsonSerializable(typeof(BandwidthDocument))]
[JsonSerializable(typeof(Page<TraceDocument>))]
[JsonSerializable(typeof(NewTrace))]
[JsonSerializable(typeof(TraceEntriesDocument))]
[JsonSerializable(typeof(IReadOnlyList<TraceEntryDocument>))]
[JsonSerializable(typeof(Page<BanDocument>))]
[JsonSerializable(typeof(NewBan))]
[JsonSerializable(typeof(Page<MqttUserDocument>))]
[JsonSerializable(typeof(MqttUserChange))]
[JsonSerializable(typeof(Page<MqttGroupDocument>))]
[JsonSerializable(typeof(MqttGroupChange))]
[JsonSerializable(typeof(Page<MqttRoleDocument>))]
[JsonSerializable(typeof(MqttRoleChange))]
[JsonSerializable(typeof(Page<TopicLevelDocument>))]
[JsonSerializable(typeof(TopicDocument))]
[JsonSerializable(typeof(Page<SilentDocument>))]
[JsonSerializable(typeof(WatchedDocument))]
[JsonSerializable(typeof(SkippedDocument))]
[JsonSerializable(typeof(EndedDocument))]
[JsonSerializable(typeof(ClearedDocument))]
[JsonSerializable(typeof(NewSimulation))]
[JsonSerializable(typeof(SimulationDocument))]
[JsonSerializable(typeof(SimulationEndDocument))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>How requests are read: what is not known, named twice or missing is refused rather than left out.</summary>
    public static void Configure(JsonSerializerOptions options)
    {
        options.TypeInfoResolver = Default;
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.PropertyNameCaseInsensitive = false;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.MaxDepth = 16;
    }
}
