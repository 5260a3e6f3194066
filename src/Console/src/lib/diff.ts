import { jsonOf, textOf } from "./decode/payload";

export interface Change {
  path: string;
  before: string | null;
  after: string | null;
}

const changesMax = 200;

/** What is different in a payload from the one before: by fields where both are JSON, by lines where both are text; null where neither helps. */
export function changes(before: Uint8Array, after: Uint8Array): Change[] | null {
  const [oldJson, newJson] = [jsonOf(before), jsonOf(after)];
  if (isTree(oldJson) && isTree(newJson)) return byPath(flatten(oldJson), flatten(newJson));

  const [oldText, newText] = [textOf(before), textOf(after)];
  if (oldText === null || newText === null) return null;
  return byPath(lines(oldText), lines(newText));
}

function isTree(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function flatten(value: unknown, path = "", found = new Map<string, string>()): Map<string, string> {
  if (isTree(value) && Object.keys(value).length > 0) {
    for (const [key, one] of Object.entries(value)) flatten(one, path ? `${path}.${key}` : key, found);
  } else found.set(path, JSON.stringify(value));
  return found;
}

function lines(text: string): Map<string, string> {
  const all = text.split("\n");
  return new Map(all.map((line, index) => [all.length === 1 ? "" : `line ${index + 1}`, line]));
}

function byPath(before: Map<string, string>, after: Map<string, string>): Change[] {
  const found: Change[] = [];
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const [old, now] = [before.get(path) ?? null, after.get(path) ?? null];
    if (old !== now) found.push({ path, before: old, after: now });
    if (found.length >= changesMax) break;
  }
  return found;
}
