import { bytesOf, jsonOf, textOf } from "./decode/payload";
import type { Message } from "./types";

export type Kind = "Home Assistant" | "Zigbee2MQTT" | "Tasmota" | "Shelly" | "ESPHome" | "Homie" | "Sparkplug";

/** Something that publishes by a convention we know. */
export interface Device {
  id: string;
  kind: Kind;
  name: string;
  model: string;
  /** Null where it does not tell. */
  isOnline: boolean | null;
  battery: number | null;
  lastSeen: string | null;
  /** A topic that shows what it does. */
  topic: string;
  /** What it consists of, such as the sensors of it. */
  parts: number;
}

/** What is known of a topic besides its retained message. */
export interface Known {
  topic: string;
  lastAt?: string | undefined;
}

type Json = Record<string, unknown>;

interface Finder {
  devices: Map<string, Device>;
  seen: Map<string, string>;
}

const shellyPrefix = /^shelly[a-z0-9]+-[0-9a-f]{6,12}$/i;

/** Recognises devices by the topics and retained messages of the conventions that are in use. */
export function recognise(messages: Message[], known: Known[] = []): Device[] {
  const finder: Finder = { devices: new Map(), seen: new Map(known.filter(one => one.lastAt).map(one => [one.topic, one.lastAt!])) };
  const byTopic = new Map(messages.map(message => [message.topic, message]));
  const topics = new Set([...byTopic.keys(), ...known.map(one => one.topic)]);
  for (const topic of topics) {
    const levels = topic.split("/");
    const message = byTopic.get(topic);
    homeAssistant(finder, byTopic, levels, message) || zigbee(finder, byTopic, levels, message) || tasmota(finder, levels, message) || shelly(finder, levels, message) || homie(finder, levels, message) ||
      sparkplug(finder, levels, message) || espHome(finder, topics, levels, message);
  }

  return withoutTwins([...finder.devices.values()]).map(device => ({ ...device, lastSeen: device.lastSeen ?? latest(finder.seen, device) })).sort((a, b) => a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name));
}

/** What Home Assistant is told of a device that is known by its own convention too is not a second device. */
function withoutTwins(devices: Device[]): Device[] {
  const own = new Map(devices.filter(one => one.kind !== "Home Assistant").map(one => [one.topic, one]));
  return devices.filter(one => {
    const twin = one.kind === "Home Assistant" ? own.get(one.topic) : undefined;
    if (!twin) return true;
    twin.model ||= one.model;
    twin.isOnline ??= one.isOnline;
    twin.battery ??= one.battery;
    return false;
  });
}

function latest(seen: Map<string, string>, device: Device): string | null {
  let found: string | null = null;
  for (const [topic, at] of seen) {
    if ((topic === device.topic || topic.startsWith(`${device.topic}/`)) && (found === null || at > found)) found = at;
  }
  return found;
}

function device({ devices }: Finder, kind: Kind, id: string, topic: string): Device {
  const key = `${kind}\n${id}`;
  let found = devices.get(key);
  if (!found) devices.set(key, (found = { id, kind, name: id, model: "", isOnline: null, battery: null, lastSeen: null, topic, parts: 0 }));
  return found;
}

function json(message: Message | undefined): Json | null {
  const value = message && jsonOf(bytesOf(message));
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

function text(message: Message | undefined): string {
  return message ? (textOf(bytesOf(message)) ?? "") : "";
}

function words(...values: unknown[]): string {
  return values.filter(value => typeof value === "string" && value).join(" ");
}

/** An availability, however it is written. */
function onlineOf(message: Message | undefined): boolean | null {
  const state = String(json(message)?.["state"] ?? text(message)).trim().toLowerCase();
  return /^(online|true|ready|connected|1|on|alive)$/.test(state) ? true : /^(offline|false|lost|disconnected|0|off|sleeping)$/.test(state) ? false : null;
}

function batteryOf(value: Json | null): number | null {
  for (const key of ["battery", "battery_level", "batt", "Battery", "BatteryPercentage"]) {
    const one = value?.[key];
    if (typeof one === "number" && one >= 0 && one <= 100) return one;
  }
  return null;
}

// homeassistant/COMPONENT/[NODE/]OBJECT/config, and since 2024.12 homeassistant/device/OBJECT/config with all components in one.
function homeAssistant(finder: Finder, byTopic: Map<string, Message>, levels: string[], message: Message | undefined): boolean {
  if (levels[0] !== "homeassistant" || levels.at(-1) !== "config" || levels.length < 4) return false;
  const config = json(message);
  const about = (config?.["device"] ?? config?.["dev"]) as Json | undefined;
  if (!config || !about) return true;

  const base = String(config["~"] ?? "");
  const topicOf = (...keys: string[]) => keys.map(key => config[key]).filter(value => typeof value === "string").map(value => value.replace(/^~|~$/, base))[0];
  const ids = about["identifiers"] ?? about["ids"] ?? about["connections"] ?? about["cns"];
  const id = String([ids].flat(2)[0] ?? about["name"] ?? levels.at(-2));
  const state = topicOf("state_topic", "stat_t") ?? levels.slice(0, -1).join("/");
  const found = device(finder, "Home Assistant", id, state);
  found.name = String(about["name"] ?? id);
  found.model = words(about["manufacturer"] ?? about["mf"], about["model"] ?? about["mdl"]);
  found.parts += Object.keys((config["components"] ?? config["cmps"] ?? { one: 1 }) as Json).length;

  const list = (config["availability"] ?? config["avty"]) as Json[] | Json | undefined;
  const availability = topicOf("availability_topic", "avty_t") ?? ([list].flat()[0]?.["topic"] as string | undefined) ?? ([list].flat()[0]?.["t"] as string | undefined);
  const known = availability ? onlineOf(byTopic.get(availability)) : null;
  if (known !== null) found.isOnline = known;
  found.battery = batteryOf(json(byTopic.get(state))) ?? found.battery;
  return true;
}

function zigbee(finder: Finder, byTopic: Map<string, Message>, levels: string[], message: Message | undefined): boolean {
  if (levels[0] !== "zigbee2mqtt" || levels.length < 2) return false;
  if (levels[1] === "bridge") {
    if (levels[2] === "devices" && levels.length === 3) zigbeeList(finder, byTopic, message);
    return true;
  }

  const last = levels.at(-1)!;
  if (["set", "get"].includes(last)) return true;
  const name = levels.slice(1, last === "availability" ? -1 : undefined).join("/");
  const found = device(finder, "Zigbee2MQTT", name, `zigbee2mqtt/${name}`);
  if (last === "availability") found.isOnline = onlineOf(message);
  else {
    const value = json(message);
    found.battery = batteryOf(value) ?? found.battery;
    found.parts = value ? Object.keys(value).length : found.parts;
    const seen = value?.["last_seen"];
    if (typeof seen === "string" || typeof seen === "number") {
      const at = new Date(seen);
      if (!Number.isNaN(at.getTime())) found.lastSeen = at.toISOString();
    }
  }
  return true;
}

function zigbeeList(finder: Finder, byTopic: Map<string, Message>, message: Message | undefined): void {
  const list = message && jsonOf(bytesOf(message));
  if (!Array.isArray(list)) return;
  for (const one of list as Json[]) {
    if (one["type"] === "Coordinator" || typeof one["friendly_name"] !== "string") continue;
    const found = device(finder, "Zigbee2MQTT", one["friendly_name"], `zigbee2mqtt/${one["friendly_name"]}`);
    const definition = one["definition"] as Json | null;
    found.model = words(definition?.["vendor"], definition?.["model"]);
    found.battery = batteryOf(json(byTopic.get(found.topic))) ?? found.battery;
  }
}

// tele/NAME/LWT, tele/NAME/STATE, stat/NAME/…
function tasmota(finder: Finder, levels: string[], message: Message | undefined): boolean {
  const [prefix, name, leaf] = levels;
  if (!["tele", "stat"].includes(prefix ?? "") || !name || !leaf) return false;
  const found = device(finder, "Tasmota", name, `tele/${name}`);
  if (leaf === "LWT") found.isOnline = onlineOf(message);
  if (leaf.startsWith("INFO")) found.model = String((json(message)?.["Info1"] as Json | undefined)?.["Module"] ?? json(message)?.["Module"] ?? found.model);
  if (leaf === "SENSOR") found.parts = Object.keys(json(message) ?? {}).length;
  return true;
}

// First generation: shellies/ID/…; second: ID/online, ID/events/rpc, ID/status/…
function shelly(finder: Finder, levels: string[], message: Message | undefined): boolean {
  const isFirst = levels[0] === "shellies" && levels.length > 2;
  const id = isFirst ? levels[1]! : levels[0]!;
  if (!isFirst && !(shellyPrefix.test(id) && levels.length > 1)) return false;
  const found = device(finder, "Shelly", id, isFirst ? `shellies/${id}` : id);
  found.model = id.split("-")[0]!;
  found.parts++;
  if (levels.at(-1) === "online") found.isOnline = onlineOf(message);
  if (levels.at(-1) === "battery") found.battery = Number(text(message)) || found.battery;
  return true;
}

// homie/DEVICE/$state, and from version 5 homie/5/DEVICE/$state.
function homie(finder: Finder, levels: string[], message: Message | undefined): boolean {
  if (levels[0] !== "homie" || levels.length < 3) return false;
  const at = levels[1] === "5" ? 2 : 1;
  const id = levels[at];
  const attribute = levels[at + 1];
  if (!id || !attribute) return true;
  const found = device(finder, "Homie", id, levels.slice(0, at + 1).join("/"));
  if (attribute === "$state") found.isOnline = onlineOf(message);
  if (attribute === "$name") found.name = text(message) || found.name;
  if (attribute === "$description") {
    const about = json(message);
    found.name = String(about?.["name"] ?? found.name);
    found.parts = Object.keys((about?.["nodes"] ?? {}) as Json).length;
  }
  if (attribute === "$nodes") found.parts = text(message).split(",").length;
  return true;
}

// spBv1.0/GROUP/TYPE/EDGE[/DEVICE]; the payload is protobuf, the type of message tells whether it lives.
function sparkplug(finder: Finder, levels: string[], message: Message | undefined): boolean {
  if (levels[0] !== "spBv1.0") return false;
  const [, group, type, edge, below] = levels;
  if (group === "STATE" && type) {
    const found = device(finder, "Sparkplug", type, `spBv1.0/STATE/${type}`);
    found.model = "host application";
    const online = json(message)?.["online"];
    found.isOnline = typeof online === "boolean" ? online : onlineOf(message);
    return true;
  }
  if (!group || !type || !edge) return true;
  const id = [group, edge, below].filter(Boolean).join("/");
  const found = device(finder, "Sparkplug", id, levels.join("/"));
  found.model = below ? "device" : "edge node";
  const at = finder.seen.get(levels.join("/")) ?? null;
  // The newer of birth and death counts.
  if (at && (!found.lastSeen || at >= found.lastSeen)) {
    found.lastSeen = at;
    if (/DEATH$/.test(type)) found.isOnline = false;
    else if (/BIRTH$|DATA$/.test(type)) found.isOnline = true;
  }
  return true;
}

// NAME/status with online or offline, where NAME/COMPONENT/ID/state is there too.
function espHome(finder: Finder, topics: Set<string>, levels: string[], message: Message | undefined): boolean {
  const components = /^(sensor|binary_sensor|switch|light|climate|cover|fan|number|text_sensor|button|select)$/;
  if (levels.length < 2) return false;
  if (levels.at(-1) === "state" && levels.length >= 4 && components.test(levels.at(-3)!)) {
    const name = levels.slice(0, -3).join("/");
    if (!topics.has(`${name}/status`) && !topics.has(`${name}/debug`)) return false;
    device(finder, "ESPHome", name, name).parts++;
    return true;
  }
  if (levels.at(-1) === "status" && onlineOf(message) !== null) {
    const name = levels.slice(0, -1).join("/");
    const isOne = [...topics].some(topic => topic.startsWith(`${name}/`) && topic.endsWith("/state") && components.test(topic.split("/").at(-3) ?? ""));
    if (isOne) device(finder, "ESPHome", name, name).isOnline = onlineOf(message);
    return isOne;
  }
  return false;
}
