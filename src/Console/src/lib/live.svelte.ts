import { get } from "./api";
import type { Overview } from "./types";

export interface Sample {
  at: number;
  messagesIn: number;
  messagesOut: number;
  bytesIn: number;
  bytesOut: number;
  dropped: number;
  clients: number;
}

const samplesMax = 300;
const pollMilliseconds = 2000;

/** The overview as it goes, and what it was in the last minutes. Runs only while a page that is seen asks for it. */
class Live {
  overview = $state<Overview | null>(null);
  samples = $state.raw<Sample[]>([]);
  isLost = $state(false);
  #users = 0;
  #stop: (() => void) | null = null;
  #before: { at: number; overview: Overview } | null = null;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#update());
  }

  /** For an $effect: begins, and returns what ends it. */
  use(): () => void {
    this.#users++;
    this.#update();
    return () => {
      this.#users--;
      this.#update();
    };
  }

  #update(): void {
    const wanted = this.#users > 0 && !document.hidden;
    if (wanted && !this.#stop) this.#stop = this.#listen();
    if (!wanted && this.#stop) {
      this.#stop();
      this.#stop = null;
      this.#before = null;
    }
  }

  #listen(): () => void {
    const source = new EventSource("/api/v1/stream?events=false");
    let poll: ReturnType<typeof setInterval> | undefined;
    source.addEventListener("overview", event => this.#take(JSON.parse((event as MessageEvent<string>).data) as Overview));
    source.onerror = () => {
      this.isLost = true;
      // The stream of this broker is refused or missing: ask again and again instead.
      if (source.readyState === EventSource.CLOSED && poll === undefined) {
        void this.#ask();
        poll = setInterval(() => void this.#ask(), pollMilliseconds);
      }
    };
    return () => {
      source.close();
      clearInterval(poll);
    };
  }

  async #ask(): Promise<void> {
    try {
      this.#take(await get<Overview>("/overview"));
    } catch {
      this.isLost = true;
    }
  }

  #take(overview: Overview): void {
    const at = Date.now() / 1000;
    const before = this.#before;
    this.isLost = false;
    this.overview = overview;
    this.#before = { at, overview };
    if (!before || at <= before.at || overview.uptime_seconds < before.overview.uptime_seconds) return;
    const per = (now: number, then: number) => Math.max(0, (now - then) / (at - before.at));
    const old = before.overview;
    const sample: Sample = {
      at,
      messagesIn: per(overview.received.messages, old.received.messages),
      messagesOut: per(overview.sent.messages, old.sent.messages),
      bytesIn: per(overview.received.bytes, old.received.bytes),
      bytesOut: per(overview.sent.bytes, old.sent.bytes),
      dropped: per(overview.dropped.total, old.dropped.total),
      clients: overview.clients_connected,
    };
    this.samples = [...this.samples.slice(-(samplesMax - 1)), sample];
  }
}

export const live = new Live();
