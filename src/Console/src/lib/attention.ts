import { bytes, count } from "./format";
import type { Listener, Overview, Silent, Store } from "./types";
import type { Sample } from "./live.svelte";

export interface Notice {
  level: "bad" | "warn";
  text: string;
  href?: string;
  link?: string;
}

const dayMilliseconds = 86_400_000;
const certificateDays = 30;

export interface State {
  overview: Overview | null;
  store: Store | null;
  listeners: Listener[];
  silent: Silent[];
  reasons: string[];
  samples: Sample[];
  now: number;
}

/** What a person should look at, the worst first. */
export function notices({ overview, store, listeners, silent, reasons, samples, now }: State): Notice[] {
  const found: Notice[] = reasons.map(reason => ({ level: "bad", text: `Not ready: ${reason}.` }));
  if (store?.problem) found.push({ level: "bad", text: `The store does not write: ${store.problem}`, href: "/store", link: "Store" });
  if (store && !store.is_on) found.push({ level: "warn", text: "There is no store: sessions, queues and retained messages are gone after a restart.", href: "/store", link: "Store" });
  for (const listener of listeners) {
    for (const certificate of listener.certificates ?? []) {
      const days = Math.floor((Date.parse(certificate.not_after) - now) / dayMilliseconds);
      if (days < 0) found.push({ level: "bad", text: `The certificate of listener ${listener.name} has expired. Renew it and reload the configuration.`, href: "/settings", link: "Settings" });
      else if (days < certificateDays) found.push({ level: "warn", text: `The certificate of listener ${listener.name} expires in ${days} days.`, href: "/settings", link: "Settings" });
    }
  }

  const dropping = samples.slice(-5).some(sample => sample.dropped > 0);
  if (dropping) found.push({ level: "warn", text: "Messages are being dropped.", href: "/events", link: "See which" });
  if (silent.length > 0) {
    const names = silent.slice(0, 3).map(one => one.name).join(", ");
    found.push({ level: "warn", text: `${count(silent.length)} gone silent: ${names}${silent.length > 3 ? " and others" : ""}.`, href: "/topics?view=silent", link: "See all" });
  }
  if (overview && overview.queued_bytes > 100_000_000) found.push({ level: "warn", text: `${bytes(overview.queued_bytes)} wait in queues for clients.`, href: "/sessions", link: "Sessions" });
  return found;
}
