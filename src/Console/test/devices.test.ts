import { describe, expect, it } from "vitest";
import { recognise } from "../src/lib/devices";
import type { Message } from "../src/lib/types";

function retained(topic: string, payload: unknown): Message {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return { topic, payload: text, payload_size: text.length, qos: 0, retain: true };
}

describe("devices", () => {
  it("Home_Assistant_discovery_with_abbreviations_is_one_device_of_many_parts", () => {
    const device = { ids: ["abc"], name: "Kitchen", mf: "Acme", mdl: "T1" };
    const found = recognise([
      retained("homeassistant/sensor/abc/temperature/config", { "~": "kitchen", stat_t: "~/state", avty_t: "~/online", dev: device }),
      retained("homeassistant/sensor/abc/humidity/config", { "~": "kitchen", stat_t: "~/state", avty_t: "~/online", dev: device }),
      retained("kitchen/online", "offline"),
      retained("kitchen/state", { battery: 12 }),
    ]);
    expect(found).toMatchObject([{ kind: "Home Assistant", id: "abc", name: "Kitchen", model: "Acme T1", isOnline: false, battery: 12, parts: 2 }]);
  });

  it("Home_Assistant_device_form_counts_its_components", () => {
    const found = recognise([retained("homeassistant/device/x/config", { dev: { ids: "x", name: "X" }, cmps: { a: {}, b: {}, c: {} } })]);
    expect(found).toMatchObject([{ id: "x", name: "X", parts: 3, isOnline: null }]);
  });

  it("Zigbee2MQTT_takes_model_from_the_bridge_and_availability_from_the_device", () => {
    const found = recognise([
      retained("zigbee2mqtt/bridge/devices", [{ type: "Coordinator", friendly_name: "Coordinator" }, { type: "EndDevice", friendly_name: "hall/door", definition: { vendor: "Aqara", model: "MCCGQ11LM" } }]),
      retained("zigbee2mqtt/hall/door", { contact: true, battery: 77, last_seen: "2026-01-02T03:04:05Z" }),
      retained("zigbee2mqtt/hall/door/availability", { state: "online" }),
    ]);
    expect(found).toMatchObject([{ kind: "Zigbee2MQTT", name: "hall/door", model: "Aqara MCCGQ11LM", isOnline: true, battery: 77, lastSeen: "2026-01-02T03:04:05.000Z" }]);
  });

  it("Zigbee2MQTT_device_with_discovery_is_one_device", () => {
    const found = recognise([
      retained("homeassistant/sensor/0x1/temperature/config", { stat_t: "zigbee2mqtt/bath", dev: { ids: ["0x1"], name: "Bath", mf: "Aqara", mdl: "T1" } }),
      retained("zigbee2mqtt/bath", { temperature: 20, battery: 50 }),
    ]);
    expect(found).toMatchObject([{ kind: "Zigbee2MQTT", name: "bath", model: "Aqara T1", battery: 50 }]);
  });

  it.each([
    ["Tasmota", retained("tele/plug/LWT", "Online"), true],
    ["Shelly", retained("shellies/shellyplug-s-12AB34/online", "false"), false],
    ["Shelly", retained("shellyplus1-a8032abe54dc/online", "true"), true],
    ["Homie", retained("homie/5/lamp/$state", "ready"), true],
    ["Homie", retained("homie/lamp/$state", "lost"), false],
    ["Sparkplug", retained("spBv1.0/STATE/scada", { online: true, timestamp: 1 }), true],
  ])("%s_tells_whether_it_is_online", (kind, message, isOnline) => {
    expect(recognise([message])).toMatchObject([{ kind, isOnline }]);
  });

  it("Sparkplug_death_after_birth_is_offline", () => {
    const found = recognise([], [
      { topic: "spBv1.0/plant/NBIRTH/edge", lastAt: "2026-01-01T00:00:00Z" },
      { topic: "spBv1.0/plant/NDEATH/edge", lastAt: "2026-01-01T00:05:00Z" },
    ]);
    expect(found).toMatchObject([{ kind: "Sparkplug", id: "plant/edge", isOnline: false, lastSeen: "2026-01-01T00:05:00Z" }]);
  });

  it("ESPHome_takes_a_status_and_states_of_components", () => {
    const found = recognise([retained("garage/status", "online"), retained("garage/sensor/temperature/state", "4.5"), retained("garage/switch/door/state", "ON")]);
    expect(found).toMatchObject([{ kind: "ESPHome", name: "garage", isOnline: true, parts: 2 }]);
  });

  it.each([
    ["an ordinary topic", retained("home/kitchen/status", "online")],
    ["a config that is no JSON", retained("homeassistant/sensor/x/config", "{")],
    ["a config that is a list", retained("homeassistant/sensor/x/config", "[1]")],
    ["a list of devices that is none", retained("zigbee2mqtt/bridge/devices", "{}")],
    ["an empty payload", retained("homeassistant/sensor/x/config", "")],
  ])("%s_is_no_device", (_, message) => {
    expect(recognise([message])).toEqual([]);
  });
});
