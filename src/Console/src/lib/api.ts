/** What the API says is wrong, and what to do. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
  ) {
    super(detail);
  }

  /** Whether this broker has no such resource at all. */
  get isMissing(): boolean {
    return this.status === 404 && this.detail.startsWith("There is nothing at this path");
  }
}

const retryMilliseconds = 300;

export type Query = Record<string, string | number | boolean | null | undefined>;

type Listener = () => void;
let whenLoggedOut: Listener = () => {};

/** Called when the session has ended. */
export function onLoggedOut(listener: Listener): void {
  whenLoggedOut = listener;
}

export function urlOf(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `/api/v1${path}${text ? `?${text}` : ""}`;
}

export function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return request<T>("GET", path, { query, signal });
}

export function post<T>(path: string, body: unknown = {}): Promise<T> {
  return request<T>("POST", path, { body });
}

export function patch<T>(path: string, body: unknown, etag?: string): Promise<T> {
  return request<T>("PATCH", path, { body, etag });
}

export function remove(path: string): Promise<void> {
  return request<void>("DELETE", path, {});
}

interface Options {
  query?: Query | undefined;
  body?: unknown;
  etag?: string | undefined;
  signal?: AbortSignal | undefined;
}

async function request<T>(method: string, path: string, { query, body, etag, signal }: Options): Promise<T> {
  const headers: Record<string, string> = { "X-Avocet-Console": "1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (etag) headers["If-Match"] = etag;
  const send = () => fetch(urlOf(path, query), { method, headers, body: body === undefined ? null : JSON.stringify(body), signal: signal ?? null });
  let response: Response;
  try {
    // A connection can be lost for a moment, as when a network comes or goes. What only asks may be sent again.
    response = await (method === "GET" ? send().catch(error => (isAbort(error) ? Promise.reject(error) : again(send))) : send());
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiProblem(0, "No answer", "The broker does not answer. Is it running, and is the network there? This page tries again when you do.");
  }

  if (response.status === 204) return undefined as T;
  const text = await response.text();
  const document = parse(text);
  if (response.ok) return document as T;
  if (response.status === 401 && path !== "/login" && path !== "/me") whenLoggedOut();
  const problem = (document ?? {}) as Partial<ApiProblem>;
  throw new ApiProblem(response.status, problem.title ?? "Refused", problem.detail ?? `The broker answered ${response.status}.`);
}

function isAbort(error: unknown): error is DOMException {
  return error instanceof DOMException && error.name === "AbortError";
}

async function again(send: () => Promise<Response>): Promise<Response> {
  await new Promise(resolve => setTimeout(resolve, retryMilliseconds));
  return send();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** One line for a person, whatever went wrong. */
export function explain(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
