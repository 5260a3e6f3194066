import { encode as encodeCbor } from "cborg";
import { encode as encodeMessagePack } from "@msgpack/msgpack";
import { describe, expect, it } from "vitest";
import { bestForm, bytesOf, decodeBinary, fromBase64, hexOf, imageTypeOf, numbersOf, pretty, preview, textOf, toBase64 } from "../src/lib/decode/payload";
import { changes } from "../src/lib/diff";
import { recipes, placeOf, webSocketUrl } from "../src/lib/connect";
import { bytes, duration, rate } from "../src/lib/format";
import { fromText, toText } from "../src/lib/memberships";
import type { Listener } from "../src/lib/types";

const utf8 = (text: string) => new TextEncoder().encode(text);
const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);

describe("payloads", () => {
  it.each([
    ["JSON object", utf8('{"a":1}'), "json"],
    ["number", utf8("21.5"), "text"],
    ["text", utf8("open"), "text"],
    ["HTML", utf8("<script>alert(1)</script>"), "text"],
    ["SVG, which could do things", utf8("<svg onload='x()'/>"), "text"],
    ["PNG", png, "image"],
    ["bytes", Uint8Array.of(0xff, 0xfe, 1), "hex"],
    ["control characters", Uint8Array.of(0, 1, 2), "hex"],
  ])("%s_is_shown_in_its_best_form", (_, data, form) => expect(bestForm(data)).toBe(form));

  it("Base64_goes_there_and_back", () => {
    const data = Uint8Array.from({ length: 70_000 }, (_, index) => index % 256);
    expect(fromBase64(toBase64(data))).toEqual(data);
    expect(bytesOf({ topic: "t", payload_base64: toBase64(png), payload_size: 8, qos: 0, retain: false })).toEqual(png);
  });

  it("CBOR_and_MessagePack_are_decoded", async () => {
    const value = { names: ["a", "b"], temperature: 21.5 };
    expect(pretty(await decodeBinary("cbor", encodeCbor(value)))).toBe(JSON.stringify(value, null, 2));
    expect(pretty(await decodeBinary("msgpack", encodeMessagePack(value)))).toBe(JSON.stringify(value, null, 2));
    await expect(decodeBinary("cbor", Uint8Array.of(0xff))).rejects.toThrow();
    await expect(decodeBinary("msgpack", Uint8Array.of(0xc1))).rejects.toThrow();
  });

  it("CBOR_with_keys_that_are_no_text_and_bytes_is_told_in_JSON", async () => {
    const value = await decodeBinary("cbor", Uint8Array.of(0xa2, 0x01, 0x42, 0xca, 0xfe, 0x02, 0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
    expect(pretty(value)).toBe('{\n  "1": "2 bytes: cafe",\n  "2": "18446744073709551615"\n}');
  });

  it("Hex_is_cut_where_it_is_long", () => {
    expect(hexOf(utf8("AB\n"))).toBe("0000  41 42 0a                                         AB·");
    expect(hexOf(new Uint8Array(5000))).toContain("904 more bytes");
  });

  it("Text_and_images_are_known_by_their_bytes", () => {
    expect(textOf(Uint8Array.of(0xc3, 0x28))).toBeNull();
    expect(imageTypeOf(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0))).toBe("image/jpeg");
    expect(preview(new Uint8Array())).toBe("(empty)");
    expect(preview(utf8("a\n\n b"))).toBe("a b");
    expect(preview(png)).toBe("8 bytes");
  });

  it("Numbers_are_found_with_their_paths", () => {
    expect([...numbersOf(utf8('{"a":1,"b":{"c":[2,true]},"d":"x"}'))]).toEqual([["a", 1], ["b.c.0", 2], ["b.c.1", 1]]);
    expect([...numbersOf(utf8("21.5 °C"))]).toEqual([["", 21.5]]);
    expect([...numbersOf(utf8("12 o'clock"))]).toEqual([]);
  });
});

describe("differences", () => {
  it("JSON_is_compared_by_fields", () =>
    expect(changes(utf8('{"a":1,"b":2,"c":{"d":3}}'), utf8('{"a":1,"b":5,"e":[4]}'))).toEqual([
      { path: "b", before: "2", after: "5" },
      { path: "c.d", before: "3", after: null },
      { path: "e.0", before: null, after: "4" },
    ]));

  it("Text_is_compared_by_lines_and_bytes_not_at_all", () => {
    expect(changes(utf8("on"), utf8("off"))).toEqual([{ path: "", before: "on", after: "off" }]);
    expect(changes(utf8("on"), utf8("on"))).toEqual([]);
    expect(changes(png, utf8("on"))).toBeNull();
  });
});

describe("where clients connect", () => {
  const listener = (address: string, transport = "tcp", anonymous = true): Listener => ({ name: "x", transport, address, is_tls: false, allows_anonymous: anonymous });

  it("Any_address_becomes_the_host_of_the_page", () => {
    expect(placeOf(listener("mqtt://*:1884"), "pi.local")).toMatchObject({ host: "pi.local", port: 1884, isLocalOnly: false });
    expect(placeOf(listener("mqtt://127.0.0.1:1883"), "127.0.0.1")).toMatchObject({ isLocalOnly: true });
    expect(placeOf(listener("Unix socket /run/x"), "pi")).toBeNull();
  });

  it("Commands_have_the_real_port_and_ask_for_a_password_where_one_is_needed", () => {
    const open = listener("mqtt://*:1884");
    const closed = listener("mqtt://*:1884", "tcp", false);
    expect(recipes(open, placeOf(open, "pi")!)[0]!.text).toContain("mosquitto_pub -h pi -p 1884 -t");
    expect(recipes(closed, placeOf(closed, "pi")!)[0]!.text).toContain("-u USER -P PASSWORD");
  });

  it("WebSocket_listener_fits_the_page", () => {
    const all = [listener("ws://*:8083/mqtt", "ws"), listener("wss://*:8084/mqtt", "wss")];
    expect(webSocketUrl(all, "pi", false)).toBe("ws://pi:8083/mqtt");
    expect(webSocketUrl(all, "pi", true)).toBe("wss://pi:8084/mqtt");
    expect(webSocketUrl(all.slice(0, 1), "pi", true)).toBeNull();
  });
});

describe("figures", () => {
  it("Values_have_units_and_no_more_digits_than_help", () => {
    expect([bytes(999), bytes(1500), bytes(123_456_789)]).toEqual(["999 B", "1.5 kB", "123 MB"]);
    expect([rate(0), rate(0.5), rate(12.345), rate(1234)]).toEqual(["0", "0.5", "12.3", "1,234"]);
    expect([duration(5), duration(125), duration(7300), duration(180_000)]).toEqual(["5 s", "2 min", "2 h 1 min", "2 d 2 h"]);
  });
});

describe("memberships", () => {
  it("Names_with_priorities_go_there_and_back", () => {
    const all = [{ name: "reader" }, { name: "a:b", priority: 10 }, { name: "low", priority: -5 }];
    expect(toText(all)).toBe("reader, a:b:10, low:-5");
    expect(fromText(toText(all))).toEqual(all);
    expect(fromText(" , reader,")).toEqual([{ name: "reader" }]);
    expect(toText([{ name: "usual", priority: -1 }])).toBe("usual");
  });
});
