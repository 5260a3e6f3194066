// The documents of the API, as openapi.json has them.

export type Scope = "read" | "operate" | "admin";
export type Role = "viewer" | "operator" | "admin";

export interface Me {
  name: string;
  scope: Scope;
}

export interface Page<T> {
  items: T[];
  next?: string;
}

export interface Traffic {
  messages: number;
  payload_bytes: number;
  packets: number;
  bytes: number;
}

export interface Drops {
  queue_full: number;
  slow_consumer: number;
  expired: number;
  too_large: number;
  refused: number;
  total: number;
}

export interface Overview {
  version: string;
  uptime_seconds: number;
  connections: number;
  clients_connected: number;
  clients_connected_max: number;
  sessions: number;
  sessions_expired: number;
  subscriptions: number;
  shared_subscriptions: number;
  retained_messages: number;
  queued_messages: number;
  queued_bytes: number;
  connections_accepted: number;
  connections_refused: number;
  received: Traffic;
  sent: Traffic;
  dropped: Drops;
  heap_bytes: number;
}

export interface Certificate {
  subject: string;
  issuer: string;
  names: string[];
  not_before: string;
  not_after: string;
}

export interface Listener {
  name: string;
  transport: string;
  address: string;
  is_tls: boolean;
  allows_anonymous: boolean;
  certificates?: Certificate[];
}

export interface Store {
  is_on: boolean;
  problem?: string;
  commits: number;
  syncs: number;
  messages_kept: number;
  bytes_written: number;
  size_bytes: number;
}

export interface Client {
  client_id: string;
  is_connected: boolean;
  user_name?: string;
  address?: string;
  listener?: string;
  transport?: string;
  mqtt_version?: string;
  connected_at?: string;
  last_received_at?: string;
  keep_alive_seconds: number;
  session_expiry_seconds: number;
  expires_at?: string;
  is_durable: boolean;
  subscriptions: number;
  inflight: number;
  inflight_max: number;
  queued_messages: number;
  queued_bytes: number;
  dropped_messages: number;
  bytes_received?: number;
  bytes_sent?: number;
  messages_received?: number;
  messages_sent?: number;
  will_topic?: string;
}

export interface Clients extends Page<Client> {
  total: number;
}

export interface Message {
  topic: string;
  payload?: string;
  payload_base64?: string;
  payload_size: number;
  qos: number;
  retain: boolean;
  publisher_id?: string;
  expires_at?: string;
}

export interface Queue {
  inflight: Message[];
  queued: Message[];
  queued_total: number;
}

export interface Subscription {
  client_id: string;
  filter: string;
  qos: number;
  no_local: boolean;
  retain_as_published: boolean;
  subscription_id?: number;
}

export interface BrokerEvent {
  number: number;
  time: string;
  kind: string;
  client_id?: string;
  user_name?: string;
  address?: string;
  listener?: string;
  topic?: string;
  reason_code?: number;
  detail: string;
  rule?: string;
  count: number;
}

export interface Events {
  items: BrokerEvent[];
  last: number;
}

export interface Receiver {
  client_id: string;
  outcome: string;
  detail: string;
  filters: string[];
  qos?: number;
  is_connected: boolean;
  queued_messages: number;
  rule?: string;
}

export interface Explanation {
  problem?: string;
  may_publish?: boolean;
  publish_rule?: string;
  receivers: Receiver[];
  receiver_count: number;
  has_retained: boolean;
  events: BrokerEvent[];
}

export interface Setting {
  path: string;
  value?: string;
  source: string;
  is_secret: boolean;
  is_reloadable: boolean;
}

export interface Reload {
  applied: string[];
  waiting_for_restart: string[];
  errors: string[];
}

export interface AuditEntry {
  id: number;
  time: string;
  who: string;
  address: string;
  action: string;
  subject: string;
  before?: Record<string, string>;
  after?: Record<string, string>;
}

export interface ConsoleUser {
  name: string;
  role: Role;
  created_at: string;
}

export interface ApiKey {
  id: string;
  name: string;
  scope: Scope;
  created_at: string;
  created_by: string;
  expires_at?: string;
  last_used_at?: string;
}

export interface TopicLevel {
  level: string;
  topic: string;
  topics: number;
  messages: number;
  messages_per_second: number;
  bytes_per_second: number;
  last_at?: string;
  last_bytes?: number;
  retained: boolean;
  silent: boolean;
  has_children: boolean;
  is_topic: boolean;
}

export interface TopicDetail {
  topic: string;
  messages: number;
  messages_per_second: number;
  bytes: number;
  last_at?: string;
  last_bytes?: number;
  last_publisher?: string;
  publishers: string[];
  retained: boolean;
  usual_interval_seconds?: number;
  silent_since?: string;
}

export interface Silent {
  kind: "topic" | "client";
  name: string;
  last_at: string;
  usual_interval_seconds: number;
  silent_since: string;
}

export interface LiveMessage {
  topic: string;
  payload_base64: string;
  payload_bytes: number;
  qos: number;
  retain: boolean;
  publisher?: string;
  at: string;
  content_type?: string;
}

export interface Simulation {
  is_running: boolean;
  clients?: number;
  started_at?: string;
  ends_at?: string;
}

export interface Trace {
  id: string;
  kind: "client" | "topic" | "address";
  value: string;
  ends_at: string;
  is_running: boolean;
  payloads: boolean;
  packets: number;
  skipped: number;
}

export interface TraceEntry {
  number: number;
  at: string;
  client: string;
  address: string;
  direction: "in" | "out";
  packet: string;
  summary: string;
  detail: Record<string, string>;
}

export interface Membership {
  name: string;
  priority?: number;
}

export interface MqttUser {
  name: string;
  client_id?: string;
  text_name?: string;
  text_description?: string;
  disabled: boolean;
  roles: Membership[];
  groups: Membership[];
  connections: string[];
}

export interface MqttGroup {
  name: string;
  text_name?: string;
  text_description?: string;
  roles: Membership[];
  users: Membership[];
}

export interface MqttAcl {
  type: string;
  topic: string;
  allow: boolean;
  priority: number;
}

export interface MqttRole {
  name: string;
  text_name?: string;
  text_description?: string;
  allow_wildcard_subs: boolean;
  acls: MqttAcl[];
}

export interface Ban {
  id: string;
  kind: "client_id" | "username" | "address";
  value: string;
  until?: string;
  reason: string;
  created_at: string;
}
