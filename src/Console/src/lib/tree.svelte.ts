import { get } from "./api";
import type { Page, TopicLevel } from "./types";

export interface Row {
  item: TopicLevel;
  depth: number;
}

interface Level {
  items: TopicLevel[];
  next?: string | undefined;
}

const pageSize = 200;
const openMax = 20;
const root = "\0";

/** The tree of topics, as far as it is open. A level is asked for when it is opened, and again and again while it is. */
export class TopicTree {
  #levels = $state.raw(new Map<string, Level>());
  #open = $state.raw<string[]>([]);
  error = $state.raw<unknown>(null);
  isLoaded = $state(false);

  readonly rows = $derived.by(() => {
    const rows: Row[] = [];
    this.#collect(root, 0, rows);
    return rows;
  });

  isOpen(topic: string): boolean {
    return this.#open.includes(topic);
  }

  async toggle(topic: string): Promise<void> {
    if (this.isOpen(topic)) {
      this.#open = this.#open.filter(one => one !== topic);
      return;
    }

    this.#open = [...this.#open, topic].slice(-openMax);
    await this.#load(topic);
  }

  /** The cursor of a level that has more than is shown; undefined where all is. */
  hasMore(topic: string | null): boolean {
    return this.#levels.get(topic ?? root)?.next !== undefined;
  }

  async more(topic: string | null): Promise<void> {
    const key = topic ?? root;
    const level = this.#levels.get(key);
    if (!level?.next) return;
    const page = await this.#ask(key, pageSize, level.next);
    this.#set(key, { items: [...level.items, ...page.items], next: page.next });
  }

  async refresh(): Promise<void> {
    try {
      await Promise.all([root, ...this.#open].map(topic => this.#load(topic)));
      this.error = null;
    } catch (problem) {
      this.error = problem;
    }
    this.isLoaded = true;
  }

  /** Opens what is above a topic, so that it is seen. */
  async reveal(topic: string): Promise<void> {
    const levels = topic.split("/");
    for (let depth = 1; depth < levels.length; depth++) {
      const above = levels.slice(0, depth).join("/");
      if (!this.isOpen(above)) await this.toggle(above);
    }
  }

  async #load(key: string): Promise<void> {
    const shown = this.#levels.get(key)?.items.length ?? 0;
    const page = await this.#ask(key, Math.min(1000, Math.max(pageSize, shown)));
    this.#set(key, page);
  }

  #ask(key: string, limit: number, cursor?: string): Promise<Page<TopicLevel>> {
    // An empty level is a level too: "/home" begins with one.
    const parent = key === root ? "" : `parent=${encodeURIComponent(key)}&`;
    return get<Page<TopicLevel>>(`/topics?${parent}limit=${limit}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
  }

  #set(key: string, level: Level): void {
    this.#levels = new Map(this.#levels).set(key, level);
  }

  #collect(key: string, depth: number, rows: Row[]): void {
    for (const item of this.#levels.get(key)?.items ?? []) {
      rows.push({ item, depth });
      if (item.has_children && this.isOpen(item.topic)) this.#collect(item.topic, depth + 1, rows);
    }
  }
}
