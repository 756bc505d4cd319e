// Talks to the server: JSON in and out, the session's token on every unsafe method, and one kind of error.

import type { Finding, Session } from "./types";

/** What the server said no with; `status` is 0 where nobody answered at all. */
export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly where?: string,
    readonly hint?: string,
    readonly findings: Finding[] = [],
  ) {
    super(message);
  }

  /** Whether trying the same again later can help: nobody answered, or the server is in trouble. */
  get passing(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export interface Options {
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Let the request outlive the page. */
  keepalive?: boolean;
}

let csrf = "";
let person: number | null = null;
const changed = new Set<(session: Session | null) => void>();

/** Remember for whom requests are made, and the token that unsafe ones have to carry. */
export function useSession(session: Session | null): void {
  csrf = session?.csrf ?? "";
  person = session?.user.id ?? null;
}

/** Be told when the server says that nobody is signed in any more, or that it is somebody else. */
export function onSession(listener: (session: Session | null) => void): () => void {
  changed.add(listener);
  return () => changed.delete(listener);
}

export async function request<T>(method: string, path: string, body?: unknown, options: Options = {}): Promise<T> {
  let answer = await attempt(method, path, body, options);
  if (answer.status === 403 && method !== "GET" && (await isStaleToken(answer.clone()))) {
    // Somebody signed in anew in another tab: read the new token once, and try again.
    const session = await request<Session>("GET", "/api/session");
    if (session.user.id !== person) {
      for (const listener of changed) listener(session);
      throw new ApiError(401, "somebody_else", "Somebody else has signed in in this browser.");
    }
    useSession(session);
    answer = await attempt(method, path, body, options);
  }
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
  const error = await readError(answer);
  if (error.status === 401 && path !== "/api/session") for (const listener of changed) listener(null);
  throw error;
}

async function attempt(method: string, path: string, body: unknown, options: Options): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  if (method !== "GET") headers["X-CSRF-Token"] = csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  try {
    return await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: options.signal,
      keepalive: options.keepalive,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", "The server does not answer.");
  }
}

async function isStaleToken(answer: Response): Promise<boolean> {
  return (await readError(answer)).where === "X-CSRF-Token";
}

async function readError(answer: Response): Promise<ApiError> {
  try {
    const { error, findings } = (await answer.json()) as {
      error: { code: string; message: string; where?: string; hint?: string };
      findings?: Finding[];
    };
    return new ApiError(answer.status, error.code, error.message, error.where, error.hint, findings);
  } catch {
    return new ApiError(answer.status, "unreadable", `The server answered ${answer.status} and nothing that can be read.`);
  }
}

export const api = {
  get: <T>(path: string, options?: Options): Promise<T> => request<T>("GET", path, undefined, options),
  post: <T>(path: string, body: unknown = {}, options?: Options): Promise<T> => request<T>("POST", path, body, options),
  put: <T>(path: string, body: unknown = {}, options?: Options): Promise<T> => request<T>("PUT", path, body, options),
  delete: <T>(path: string, options?: Options): Promise<T> => request<T>("DELETE", path, undefined, options),
};

/** The address of a project's blob. */
export function blobAddress(project: string, digest: string): string {
  return `/api/blobs/${encodeURIComponent(project)}/${encodeURIComponent(digest)}`;
}

export function projectPath(project: string, rest = ""): string {
  return `/api/projects/${encodeURIComponent(project)}${rest}`;
}
