/** All kinds of events, as the broker names them; a test compares. */
export const eventKinds = [
  "connected", "disconnected", "connection_refused", "taken_over", "protocol_error", "publish_refused", "subscribe_refused", "delivery_denied", "queue_full", "slow_consumer",
  "message_expired", "message_too_large", "session_ended", "topic_silent", "topic_resumed", "client_silent", "client_resumed", "flapping", "store_failed", "store_recovered", "memory_short",
  "memory_free",
];

const calm = new Set(["connected", "disconnected", "taken_over", "session_ended", "topic_resumed", "client_resumed", "store_recovered", "memory_free"]);
const bad = new Set(["store_failed", "memory_short"]);

/** How much an event should catch the eye. */
export function levelOf(kind: string): "" | "warn" | "bad" {
  return calm.has(kind) ? "" : bad.has(kind) ? "bad" : "warn";
}
