import type { Message } from "../types";

export type Form = "text" | "json" | "hex" | "image" | "cbor" | "msgpack";

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), character => character.charCodeAt(0));
}

export function toBase64(data: Uint8Array): string {
  let text = "";
  for (let at = 0; at < data.length; at += 0x8000) text += String.fromCharCode(...data.subarray(at, at + 0x8000));
  return btoa(text);
}

export function bytesOf(message: Message): Uint8Array {
  return message.payload_base64 !== undefined ? fromBase64(message.payload_base64) : encoder.encode(message.payload ?? "");
}

/** The payload as text, or null where it is none. */
export function textOf(data: Uint8Array): string | null {
  try {
    const text = decoder.decode(data);
    // Other control characters than tab and line ends stand in no text.
    return /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

export function jsonOf(data: Uint8Array): unknown {
  const text = textOf(data);
  if (text === null) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const images: { type: string; at: number; bytes: number[] }[] = [
  { type: "image/png", at: 0, bytes: [0x89, 0x50, 0x4e, 0x47] },
  { type: "image/jpeg", at: 0, bytes: [0xff, 0xd8, 0xff] },
  { type: "image/gif", at: 0, bytes: [0x47, 0x49, 0x46, 0x38] },
  { type: "image/webp", at: 8, bytes: [0x57, 0x45, 0x42, 0x50] },
];

/** The type of an image by its first bytes; null where it is none. SVG is a document that can do things, so it stays text. */
export function imageTypeOf(data: Uint8Array): string | null {
  return images.find(image => image.bytes.every((byte, index) => data[image.at + index] === byte))?.type ?? null;
}

/** The form in which a payload is best shown first. */
export function bestForm(data: Uint8Array): Form {
  if (imageTypeOf(data)) return "image";
  const json = jsonOf(data);
  if (typeof json === "object" && json !== null) return "json";
  return textOf(data) !== null ? "text" : "hex";
}

const hexBytesMax = 4096;

export function hexOf(data: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(data.length, hexBytesMax); at += 16) {
    const part = [...data.subarray(at, at + 16)];
    const hex = part.map(byte => byte.toString(16).padStart(2, "0")).join(" ");
    const text = part.map(byte => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
    lines.push(`${at.toString(16).padStart(4, "0")}  ${hex.padEnd(47)}  ${text}`);
  }

  return lines.join("\n") + (data.length > hexBytesMax ? `\n… ${data.length - hexBytesMax} more bytes` : "");
}

/** JSON for people; what JSON has no word for, such as bytes and big numbers, as text. */
export function pretty(value: unknown): string {
  return JSON.stringify(
    value,
    (_, one: unknown) => {
      if (typeof one === "bigint") return String(one);
      if (one instanceof Uint8Array) return `${one.length} bytes: ${[...one.subarray(0, 64)].map(byte => byte.toString(16).padStart(2, "0")).join("")}`;
      if (one instanceof Map) return Object.fromEntries([...one].map(([key, item]: [unknown, unknown]) => [typeof key === "string" ? key : pretty(key), item]));
      return one;
    },
    2,
  );
}

/** A payload of CBOR or MessagePack as JSON; throws where it is none. */
export async function decodeBinary(form: "cbor" | "msgpack", data: Uint8Array): Promise<unknown> {
  if (form === "cbor") {
    const { decode } = await import("cborg");
    return decode(data, { useMaps: true, allowIndefinite: true });
  }

  const { decode } = await import("@msgpack/msgpack");
  return decode(data);
}

/** One short line of a payload, for lists. */
export function preview(data: Uint8Array, size: number = data.length): string {
  if (size === 0) return "(empty)";
  const text = textOf(data);
  return text === null ? `${size} bytes` : text.slice(0, 200).replaceAll(/\s+/g, " ");
}

/** All numbers of a payload with where they stand: "" for a payload that is a number itself. */
export function numbersOf(data: Uint8Array): Map<string, number> {
  const found = new Map<string, number>();
  collect(jsonOf(data), "", found);
  if (found.size === 0) {
    // Such as "21.5 °C".
    const match = /^\s*(-?\d+(?:\.\d+)?)\s*[^\d\s]{0,6}\s*$/.exec(textOf(data) ?? "");
    if (match) found.set("", Number(match[1]));
  }
  return found;
}

const numbersMax = 100;

function collect(value: unknown, path: string, found: Map<string, number>): void {
  if (found.size >= numbersMax) return;
  if (typeof value === "number") found.set(path, value);
  else if (typeof value === "boolean") found.set(path, value ? 1 : 0);
  else if (typeof value === "object" && value !== null) {
    for (const [key, one] of Object.entries(value)) collect(one, path ? `${path}.${key}` : key, found);
  }
}
