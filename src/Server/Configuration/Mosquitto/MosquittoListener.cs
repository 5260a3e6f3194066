namespace Avocet.Server.Configuration.Mosquitto;

/// <summary>The options of one listener, gathered until all are known: what it is depends on several of them.</summary>
internal sealed class MosquittoListener(Origin origin)
{
    private readonly Dictionary<string, MosquittoLine> _lines = [];

    public Origin Origin => origin;

    /// <summary>Null for the port and address that nobody named.</summary>
    public MosquittoLine? Listen { get; set; }

    public bool IsEmpty => _lines.Count == 0;

    public bool IsWebSocket => Find("protocol")?.Value == "websockets";

    public bool IsTls => _lines.ContainsKey("certfile") || _lines.ContainsKey("keyfile");

    public bool IsPsk => !IsTls && (_lines.ContainsKey("psk_hint") || _lines.ContainsKey("psk_file"));

    public void Set(MosquittoLine line) => _lines[line.Name] = line;

    public MosquittoLine? Find(string name) => _lines.GetValueOrDefault(name);
}
