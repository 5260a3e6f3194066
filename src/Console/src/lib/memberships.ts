import type { Membership } from "./types";

/** Names with their priorities, as one types them: "reader, writer:10". */
export function toText(memberships: Membership[]): string {
  return memberships.map(one => (one.priority !== undefined && one.priority !== -1 && one.priority !== 0 ? `${one.name}:${one.priority}` : one.name)).join(", ");
}

/** A colon and a number at the end are the priority; names may have colons too. */
export function fromText(text: string): Membership[] {
  return text
    .split(",")
    .map(one => one.trim())
    .filter(one => one !== "")
    .map(one => {
      const match = /^(.+):(-?\d{1,6})$/.exec(one);
      return match ? { name: match[1]!, priority: Number(match[2]) } : { name: one };
    });
}
