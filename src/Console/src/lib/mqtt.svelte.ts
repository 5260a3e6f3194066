import type { IClientOptions, MqttClient } from "mqtt";

export interface Arrived {
  number: number;
  at: number;
  topic: string;
  data: Uint8Array;
  qos: number;
  retain: boolean;
  properties: [string, string][];
}

export interface Subscribed {
  filter: string;
  qos: number;
}

export interface Outgoing {
  topic: string;
  payload: string;
  qos: 0 | 1 | 2;
  retain: boolean;
  contentType: string;
  responseTopic: string;
  expirySeconds: number | null;
  userProperties: [string, string][];
}

const messagesMax = 500;
const connectMilliseconds = 10_000;

/** An MQTT client in the browser, over the broker's own WebSocket listener. */
export class TryClient {
  state = $state<"off" | "connecting" | "on">("off");
  problem = $state("");
  messages = $state.raw<Arrived[]>([]);
  subscriptions = $state.raw<Subscribed[]>([]);
  #client: MqttClient | null = null;
  #number = 0;

  async connect(url: string, clientId: string, username: string, password: string): Promise<void> {
    this.disconnect();
    this.state = "connecting";
    this.problem = "";
    const { default: mqtt } = await import("mqtt");
    // Its other timers run in a worker made of a blob, which the Content-Security-Policy forbids.
    const options: IClientOptions = { clientId, protocolVersion: 5, clean: true, reconnectPeriod: 0, timerVariant: "native", connectTimeout: connectMilliseconds };
    if (username) Object.assign(options, { username, password });
    const client = mqtt.connect(url, options);
    this.#client = client;
    client.on("connect", () => (this.state = "on"));
    client.on("error", error => this.#fail(client, error.message));
    client.on("close", () => this.#fail(client, this.state === "connecting" ? `The broker did not answer at ${url}.` : "The connection has ended."));
    client.on("disconnect", packet => (this.problem = packet.properties?.reasonString ?? `The broker ended the connection (reason code ${packet.reasonCode}).`));
    client.on("message", (topic, payload, packet) => {
      const properties = packet.properties ?? {};
      const told: [string, string][] = [];
      if (properties.contentType) told.push(["Content Type", properties.contentType]);
      if (properties.responseTopic) told.push(["Response Topic", properties.responseTopic]);
      if (properties.messageExpiryInterval) told.push(["Message Expiry Interval", `${properties.messageExpiryInterval} s`]);
      for (const [name, value] of Object.entries(properties.userProperties ?? {})) told.push([name, [value].flat().join(", ")]);
      const message = { number: ++this.#number, at: Date.now(), topic, data: new Uint8Array(payload), qos: packet.qos, retain: packet.retain, properties: told };
      this.messages = [message, ...this.messages].slice(0, messagesMax);
    });
  }

  disconnect(): void {
    const client = this.#client;
    this.#client = null;
    this.subscriptions = [];
    this.state = "off";
    client?.end(true);
  }

  async subscribe(filter: string, qos: 0 | 1 | 2): Promise<void> {
    const granted = await this.#client!.subscribeAsync(filter, { qos });
    const code = granted[0]?.qos ?? qos;
    if (code >= 128) throw new Error(`The broker refused it (reason code ${code}).`);
    this.subscriptions = [...this.subscriptions.filter(one => one.filter !== filter), { filter, qos: code }];
  }

  async unsubscribe(filter: string): Promise<void> {
    await this.#client!.unsubscribeAsync(filter);
    this.subscriptions = this.subscriptions.filter(one => one.filter !== filter);
  }

  async publish(message: Outgoing): Promise<void> {
    const properties: Record<string, unknown> = {};
    if (message.contentType) properties["contentType"] = message.contentType;
    if (message.responseTopic) properties["responseTopic"] = message.responseTopic;
    if (message.expirySeconds) properties["messageExpiryInterval"] = message.expirySeconds;
    if (message.userProperties.length) properties["userProperties"] = Object.fromEntries(message.userProperties);
    await this.#client!.publishAsync(message.topic, message.payload, { qos: message.qos, retain: message.retain, properties });
  }

  clear(): void {
    this.messages = [];
  }

  #fail(client: MqttClient, text: string): void {
    if (client !== this.#client) return;
    this.problem ||= text;
    this.#client = null;
    this.subscriptions = [];
    this.state = "off";
    client.end(true);
  }
}
