// The reviewer's desk: the review in hand, the next ones already there, and the last verdict, which can be taken back until it is sent.

import { problemOf, triedAgain, type Problem } from "../../core/problem";
import { Again } from "../../core/again";
import { api, ApiError, projectPath } from "../../core/api";
import { Leases } from "../../core/leases";
import { status } from "../../core/status.svelte";
import type { Task, Values } from "../../core/types";

export interface Verdict {
  verdict: "accept" | "fix" | "reject";
  annotation_id?: number | null;
  values?: Values;
  reason?: string;
  seconds_active: number;
}

interface Audited {
  task: Task | null;
  next: Task | null;
}

interface Held {
  task: Task;
  verdict: Verdict;
  key: string;
  /** When it is sent, in milliseconds. */
  due: number;
}

const AHEAD = 3;
export const UNDO_SECONDS = 6;

export class Desk {
  queue = $state.raw<Task[]>([]);
  loaded = $state(false);
  problem = $state.raw<Problem | null>(null);
  /** The verdict that is not sent yet. */
  held = $state.raw<Held | null>(null);
  given = $state(0);

  readonly #project: string;
  readonly #done = new Set<number>();
  #sending: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #again = new Again(() => void this.load());
  readonly #leases = new Leases(() => {
    for (const task of [...this.queue, ...(this.held ? [this.held.task] : [])]) void this.#heartbeat(task);
  });
  #asking = false;

  constructor(project: string) {
    this.#project = project;
  }

  get current(): Task | null {
    return this.queue[0] ?? null;
  }

  /** Lease reviews until some lie ready; those that one holds already come back first. */
  async load(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const { tasks } = await api.post<{ tasks: Task[] }>(projectPath(this.#project, "/tasks/next"), { count: AHEAD, purpose: "review" });
      this.#take(tasks);
      this.problem = null;
      this.#again.stop();
    } catch (error) {
      this.problem = this.#again.failed(error) ? triedAgain(error) : problemOf(error);
    }
    this.loaded = true;
    this.#asking = false;
    if (this.current) this.#leases.keep(this.current.lease_seconds);
  }

  /** Put a verdict on the review in hand; it is sent when the time for taking it back is over, or with the next one. */
  give(verdict: Verdict): void {
    const task = this.current;
    if (!task) return;
    void this.flush();
    this.held = { task, verdict, key: newKey(), due: Date.now() + UNDO_SECONDS * 1000 };
    this.#timer = setTimeout(() => void this.flush(), UNDO_SECONDS * 1000);
    this.queue = this.queue.slice(1);
    this.#done.add(task.id);
    this.given++;
    if (this.queue.length < AHEAD - 1) void this.load();
  }

  /** Take the last verdict back, if it is not sent yet, and return it with its task in hand again. */
  undo(): Verdict | null {
    const held = this.held;
    if (!held) return null;
    clearTimeout(this.#timer);
    this.held = null;
    this.given--;
    this.#putBack(held.task);
    return held.verdict;
  }

  /** Send a verdict at once and wait for the answer: for corrections, which the checks may refuse. */
  async giveNow(verdict: Verdict): Promise<void> {
    const task = this.current;
    if (!task) return;
    await this.flush();
    const { next } = await this.#post(task, verdict, newKey()).catch(async (error: unknown) => {
      if (error instanceof ApiError && error.code === "conflict") this.replace(await this.#anew(task));
      throw error;
    });
    this.#done.add(task.id);
    this.queue = this.queue.filter((one) => one.id !== task.id);
    this.given++;
    this.#take(next ? [next] : []);
    if (!this.queue.length) await this.load();
  }

  /** Send the blind answer of an audit. Where the label says the same, the next task comes; otherwise the label is shown beside it. */
  async answerBlind(values: Values, seconds: number): Promise<void> {
    const task = this.current;
    if (!task) return;
    await this.flush();
    const body = { values, seconds_active: seconds };
    const found = await api.post<Audited>(`/api/tasks/${task.id}/audit`, body, { headers: { "Idempotency-Key": newKey() } });
    if (found.task) return this.replace(found.task);
    status.say("The label says the same.");
    this.#done.add(task.id);
    this.queue = this.queue.filter((one) => one.id !== task.id);
    this.given++;
    this.#take(found.next ? [found.next] : []);
    if (!this.queue.length) await this.load();
  }

  async skip(): Promise<void> {
    const task = this.current;
    if (!task) return;
    this.#done.add(task.id);
    this.queue = this.queue.slice(1);
    try {
      const { next } = await api.post<{ next: Task | null }>(`/api/tasks/${task.id}/skip`, { reason: "" });
      this.#done.delete(task.id);
      if (next && next.id !== task.id) this.#take([next]);
    } catch (error) {
      status.toast(problemOf(error).message, { tone: "bad" });
      // Where nobody answered it is still in hand.
      if (error instanceof ApiError && error.passing) this.#putBack(task);
    }
  }

  /** Send what is held, one after the other. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    const held = this.held;
    this.held = null;
    if (held) this.#sending = this.#sending.then(() => this.#send(held));
    return this.#sending;
  }

  /** Read the task in hand again, for its comments. */
  replace(task: Task): void {
    this.queue = this.queue.map((one) => (one.id === task.id ? task : one));
  }

  close(): void {
    void this.flush();
    this.#leases.stop();
    this.#again.stop();
  }

  async #send({ task, verdict, key }: Held): Promise<void> {
    for (let wait = 1; ; wait = Math.min(wait * 2, 30)) {
      try {
        const { next } = await this.#post(task, verdict, key);
        if (status.saved === "unsaved") status.saved = null;
        this.#take(next ? [next] : []);
        return;
      } catch (error) {
        if (error instanceof ApiError && error.passing) {
          status.saved = "unsaved";
          status.reason = "A verdict waits for the server.";
          await new Promise((resolve) => setTimeout(resolve, wait * 1000));
          continue;
        }
        const { code, message, hint } = problemOf(error);
        status.toast([message, hint].filter(Boolean).join(" "), { tone: "bad", seconds: 12 });
        if (code !== "lease_lost" && code !== "not_found") {
          this.given--;
          this.#putBack(code === "conflict" ? await this.#anew(task) : task);
        }
        return;
      }
    }
  }

  /** Send a verdict with the answers that it is about; the server refuses it where others stand by now. */
  #post(task: Task, verdict: Verdict, key: string): Promise<{ next: Task | null }> {
    const body = { ...verdict, seen: (task.review ?? task.audit)?.seen };
    return api.post(`/api/tasks/${task.id}/review`, body, { headers: { "Idempotency-Key": key }, keepalive: JSON.stringify(body).length < 50_000 });
  }

  /** The task as it is now, where it can be had: its answers may have changed since it was handed out. */
  async #anew(task: Task): Promise<Task> {
    return api.get<Task>(`/api/tasks/${task.id}`).catch(() => task);
  }

  #take(tasks: Task[]): void {
    const known = new Set(this.queue.map((task) => task.id));
    const fresh = tasks.filter((task) => !known.has(task.id) && !this.#done.has(task.id));
    if (fresh.length) this.queue = [...this.queue, ...fresh];
  }

  #putBack(task: Task): void {
    this.#done.delete(task.id);
    this.queue = [task, ...this.queue.filter((one) => one.id !== task.id)];
  }

  async #heartbeat(task: Task): Promise<void> {
    try {
      await api.post(`/api/tasks/${task.id}/heartbeat`, { lease: task.lease });
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "lease_lost") return;
      if (this.current?.id === task.id) status.toast("This review went to somebody else, because its time ran out.", { tone: "bad" });
      this.queue = this.queue.filter((one) => one.id !== task.id);
      if (!this.queue.length) void this.load();
    }
  }
}

/** A key that no two verdicts share. `crypto.randomUUID` is closed to pages that come over plain HTTP. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
