import type { Component } from "svelte";
import type { Scope } from "../lib/types";

export interface Entry {
  path: string;
  name: string;
  group: string;
  scope: Scope;
  load: () => Promise<{ default: Component }>;
}

/** All pages, in the order of the menu. The broker knows their paths too (PageResource.cs). */
export const pages: Entry[] = [
  { path: "/", name: "Overview", group: "", scope: "read", load: () => import("./Overview.svelte") },
  { path: "/topics", name: "Topics", group: "Messages", scope: "read", load: () => import("./Topics.svelte") },
  { path: "/retained", name: "Retained", group: "Messages", scope: "read", load: () => import("./Retained.svelte") },
  { path: "/try", name: "Try it", group: "Messages", scope: "read", load: () => import("./TryIt.svelte") },
  { path: "/clients", name: "Clients", group: "Clients", scope: "read", load: () => import("./Clients.svelte") },
  { path: "/sessions", name: "Sessions and queues", group: "Clients", scope: "read", load: () => import("./Sessions.svelte") },
  { path: "/devices", name: "Devices", group: "Clients", scope: "read", load: () => import("./Devices.svelte") },
  { path: "/explain", name: "Explain", group: "Why", scope: "read", load: () => import("./Explain.svelte") },
  { path: "/events", name: "Events", group: "Why", scope: "read", load: () => import("./Events.svelte") },
  { path: "/traces", name: "Traces", group: "Why", scope: "operate", load: () => import("./Traces.svelte") },
  { path: "/bandwidth", name: "Bandwidth", group: "Why", scope: "read", load: () => import("./Bandwidth.svelte") },
  { path: "/access", name: "MQTT access", group: "Broker", scope: "read", load: () => import("./Access.svelte") },
  { path: "/users", name: "Console users", group: "Broker", scope: "read", load: () => import("./Users.svelte") },
  { path: "/settings", name: "Settings", group: "Broker", scope: "read", load: () => import("./Settings.svelte") },
  { path: "/store", name: "Store", group: "Broker", scope: "read", load: () => import("./Store.svelte") },
];

export function pageOf(path: string): Entry | undefined {
  return pages.find(page => page.path === path) ?? (path === "/setup" ? pages[0] : undefined);
}
