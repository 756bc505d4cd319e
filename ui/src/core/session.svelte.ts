// Who is signed in, and what they may do where.

import { Again } from "./again";
import { api, ApiError, onSession, useSession } from "./api";
import { router } from "./router.svelte";
import type { Role, Session } from "./types";

const ORDER: Role[] = ["annotator", "reviewer", "manager", "owner"];

class SessionState {
  /** Null while nobody is signed in; undefined before the server was asked. */
  value = $state.raw<Session | null | undefined>(undefined);
  problem = $state.raw<ApiError | null>(null);

  readonly #again = new Again(() => void this.read());

  constructor() {
    onSession((session) => (session ? this.begin(session) : this.end()));
  }

  /** Ask who is signed in; where the server does not answer, again and again by itself. */
  async read(): Promise<void> {
    try {
      this.begin(await api.get<Session>("/api/session"));
      this.problem = null;
      this.#again.stop();
    } catch (error) {
      this.#again.failed(error);
      if (error instanceof ApiError && error.status === 401) this.problem = this.value = null;
      else if (error instanceof ApiError) this.problem = error;
      else throw error;
    }
  }

  /** Take the session that a sign-in answered with. */
  begin(session: Session): void {
    useSession(session);
    this.value = session;
  }

  /** The session is over: ask for a sign-in, and come back to this page afterwards. */
  end(): void {
    useSession(null);
    this.value = null;
  }

  /** Sign out here, or in every browser. */
  async signOut(everywhere = false): Promise<void> {
    await api.post(`/api/sign-out${everywhere ? "?everywhere=true" : ""}`);
    this.end();
    router.go("#/sign-in");
  }

  role(project: string | undefined): Role | null {
    return this.value?.projects.find((one) => one.name === project)?.role ?? null;
  }

  /** Whether the role in a project is at least `least`. */
  may(project: string | undefined, least: Role): boolean {
    const role = this.role(project);
    return role !== null && ORDER.indexOf(role) >= ORDER.indexOf(least);
  }
}

export const session = new SessionState();
