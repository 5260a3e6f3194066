import { explain, get, patch, post, remove } from "./api";
import type { Page } from "./types";

/** What a page does with things that have names: it lists, makes, changes and deletes them. */
export class NamedList<T extends { name: string }> {
  items = $state<T[] | null>(null);
  /** Why there is no list. */
  error = $state<unknown>(null);
  /** Why the form was refused. */
  problem = $state("");
  /** Which one the form changes; null for a new one. */
  edited = $state<string | null>(null);
  /** Which one is about to be deleted. */
  deleting = $state<string | null>(null);

  constructor(
    private readonly path: string,
    /** Fills the form. */
    private readonly fill: (item: T | null) => void,
  ) {}

  load = async (): Promise<void> => {
    try {
      this.items = (await get<Page<T>>(this.path, { limit: 1000 })).items;
      this.error = null;
    } catch (failed) {
      this.error = failed;
    }
  };

  edit(item: T | null): void {
    this.edited = item?.name ?? null;
    this.problem = "";
    this.fill(item);
  }

  /** Makes one of this name, or changes the one that is edited. */
  async save(name: string, content: object): Promise<void> {
    this.problem = "";
    try {
      if (this.edited === null) await post(this.path, { name, ...content });
      else await patch(this.pathOf(this.edited), content);
      this.edit(null);
    } catch (failed) {
      this.problem = explain(failed);
    }
    await this.load();
  }

  async delete(name: string): Promise<void> {
    await remove(this.pathOf(name));
    await this.load();
  }

  private pathOf(name: string): string {
    return `${this.path}/${encodeURIComponent(name)}`;
  }
}
