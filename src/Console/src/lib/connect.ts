import type { Listener } from "./types";

/** Where a listener is, as seen from the machine of who looks at this page. */
export interface Place {
  scheme: string;
  host: string;
  port: number;
  path: string;
  /** Whether other machines can reach it. */
  isLocalOnly: boolean;
}

export function placeOf(listener: Listener, pageHost: string): Place | null {
  const match = /^([a-z]+):\/\/(.*):(\d+)(\/.*)?$/.exec(listener.address);
  if (!match) return null;
  const [, scheme = "", address = "", port = "", path = ""] = match;
  const isAny = address === "*" || address === "0.0.0.0" || address === "[::]";
  const isLocalOnly = /^(127\.|\[::1\]|localhost$)/.test(address);
  return { scheme, host: isAny || isLocalOnly ? pageHost : address, port: Number(port), path, isLocalOnly };
}

export interface Recipe {
  name: string;
  text: string;
}

/** What to paste to send a first message, for the listener that is the easiest to reach. */
export function recipes(listener: Listener, place: Place): Recipe[] {
  const { host, port } = place;
  const needsLogin = !listener.allows_anonymous;
  const shell = `-h ${host} -p ${port}${needsLogin ? " -u USER -P PASSWORD" : ""}`;
  return [
    {
      name: "Shell",
      text: `# In one window\nmosquitto_sub ${shell} -t 'home/#' -v\n# In another\nmosquitto_pub ${shell} -t home/kitchen/temperature -m 21.5`,
    },
    {
      name: "Python",
      text: `# pip install paho-mqtt\nimport paho.mqtt.publish as publish\n\npublish.single("home/kitchen/temperature", "21.5",\n    hostname="${host}", port=${port}${needsLogin ? ',\n    auth={"username": "USER", "password": "PASSWORD"}' : ""})`,
    },
    {
      name: "ESP32, Arduino",
      text: `// Libraries: WiFi, PubSubClient\n#include <WiFi.h>\n#include <PubSubClient.h>\n\nWiFiClient network;\nPubSubClient mqtt(network);\n\nvoid setup() {\n  WiFi.begin("SSID", "WIFI PASSWORD");\n  while (WiFi.status() != WL_CONNECTED) delay(200);\n  mqtt.setServer("${host}", ${port});\n}\n\nvoid loop() {\n  if (!mqtt.connected()) mqtt.connect("esp32-kitchen"${needsLogin ? ', "USER", "PASSWORD"' : ""});\n  mqtt.loop();\n  mqtt.publish("home/kitchen/temperature", "21.5");\n  delay(5000);\n}`,
    },
    {
      name: "Home Assistant",
      text: `Settings → Devices & services → Add integration → MQTT\nBroker: ${host}\nPort: ${port}\nUsername, password: ${needsLogin ? "those of an MQTT user of this broker" : "none needed"}`,
    },
    { name: "A simulated home", text: `avocet simulate smart-home --clients 20 ${shell}` },
  ];
}

/** The first listener that a browser can use. */
export function webSocketUrl(listeners: Listener[], pageHost: string, pageIsTls: boolean): string | null {
  // A page that came over TLS may not use ws://.
  for (const transport of pageIsTls ? ["wss"] : ["ws", "wss"]) {
    const listener = listeners.find(one => one.transport === transport);
    const place = listener && placeOf(listener, pageHost);
    // The Content-Security-Policy names the host of this page, whatever address the listener has.
    if (place) return `${place.scheme}://${pageHost}:${place.port}${place.path}`;
  }

  return null;
}
