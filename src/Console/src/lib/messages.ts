import { urlOf } from "./api";
import { fromBase64 } from "./decode/payload";
import type { LiveMessage } from "./types";

/** A message as it came by. */
export interface Seen {
  topic: string;
  data: Uint8Array;
  size: number;
  qos: number;
  retain: boolean;
  publisher?: string | undefined;
  at: number;
}

export interface Watch {
  message: (message: Seen) => void;
  skipped?: (count: number) => void;
  /** The stream is refused or gone. */
  failed?: () => void;
}

/** Sees what is published, as far as it can be shown, until the function that is returned is called. Takes the scope operate. */
export function watch(filter: string, maxPerSecond: number, { message, skipped, failed }: Watch): () => void {
  const source = new EventSource(urlOf("/messages/stream", { filter, max_per_second: maxPerSecond }));
  source.addEventListener("message", event => {
    const one = JSON.parse((event as MessageEvent<string>).data) as LiveMessage;
    const data = fromBase64(one.payload_base64 ?? "");
    message({ topic: one.topic, data, size: one.payload_bytes ?? data.length, qos: one.qos, retain: one.retain, publisher: one.publisher, at: one.at ? Date.parse(one.at) : Date.now() });
  });
  source.addEventListener("skipped", event => skipped?.((JSON.parse((event as MessageEvent<string>).data) as { count: number }).count));
  source.onerror = () => source.readyState === EventSource.CLOSED && failed?.();
  return () => source.close();
}
