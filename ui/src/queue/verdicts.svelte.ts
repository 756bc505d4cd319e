// The reviewer's queue: the last verdict can be taken back until it is sent.

import { api, ApiError, projectPath } from "../core/api";
import { problemOf } from "../core/problem";
import { status } from "../core/status.svelte";
import type { Audited, LeasedTasks, Reviewed, Verdict, Withheld } from "../core/server";
import type { Task, Values } from "../core/types";
import { AHEAD, LeaseQueue, newKey } from "./leased.svelte";

interface Held {
  task: Task;
  verdict: Verdict;
  key: string;
  /** When it is sent, in milliseconds. */
  due: number;
}

export const UNDO_SECONDS = 6;

export class VerdictQueue extends LeaseQueue {
  /** The verdict that is not sent yet. */
  waiting = $state.raw<Held | null>(null);
  given = $state(0);
  /** The open audits that this person may not give, by the reason. */
  withheld = $state.raw<Withheld | null>(null);
  #sending: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  protected override async lease(): Promise<Task[]> {
    const body = { count: AHEAD, purpose: "review" };
    const { tasks, withheld } = await api.post<LeasedTasks>(projectPath(this.project, "/tasks/next"), body);
    this.withheld = withheld;
    return tasks;
  }

  protected override get held(): Task[] {
    return this.waiting ? [...this.tasks, this.waiting.task] : this.tasks;
  }

  protected override lost(task: Task): void {
    if (this.current?.id === task.id) status.toast("This review went to somebody else, because its time ran out.", { tone: "bad" });
    this.tasks = this.tasks.filter((one) => one.id !== task.id);
    if (!this.tasks.length) void this.load();
  }

  /** Put a verdict on the review in hand; it is sent when the time for taking it back is over, or with the next one. */
  give(verdict: Verdict): void {
    const task = this.current;
    if (!task) return;
    void this.flush();
    this.waiting = { task, verdict, key: newKey(), due: Date.now() + UNDO_SECONDS * 1000 };
    this.#timer = setTimeout(() => void this.flush(), UNDO_SECONDS * 1000);
    this.drop(task);
    this.given++;
    if (this.tasks.length < AHEAD - 1) void this.load();
  }

  /** Take the last verdict back, if it is not sent yet, and return it with its task in hand again. */
  undo(): Verdict | null {
    const held = this.waiting;
    if (!held) return null;
    clearTimeout(this.#timer);
    this.waiting = null;
    this.given--;
    this.bring(held.task);
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
    this.drop(task);
    this.given++;
    this.take(next ? [next] : []);
    if (!this.tasks.length) await this.load();
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
    this.drop(task);
    this.given++;
    this.take(found.next ? [found.next] : []);
    if (!this.tasks.length) await this.load();
  }

  /** Leave the review in hand to others; it may come back later. */
  async skipCurrent(): Promise<void> {
    const task = this.current;
    if (!task || !(await this.skip(task))) return;
    this.finished.delete(task.id);
    if (!this.tasks.length) await this.load();
  }

  /** Send what is held, one after the other. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    const held = this.waiting;
    this.waiting = null;
    if (held) this.#sending = this.#sending.then(() => this.#send(held));
    return this.#sending;
  }

  /** Read the task in hand again, for its comments. */
  replace(task: Task): void {
    this.tasks = this.tasks.map((one) => (one.id === task.id ? task : one));
  }

  override close(): void {
    void this.flush();
    super.close();
  }

  async #send({ task, verdict, key }: Held): Promise<void> {
    for (let wait = 1; ; wait = Math.min(wait * 2, 30)) {
      try {
        const { next } = await this.#post(task, verdict, key);
        if (status.saved === "unsaved") status.saved = null;
        this.take(next ? [next] : []);
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
          this.bring(code === "conflict" ? await this.#anew(task) : task);
        }
        return;
      }
    }
  }

  /** Send a verdict with the answers that it is about; the server refuses it where others stand by now. */
  #post(task: Task, verdict: Verdict, key: string): Promise<Reviewed> {
    const body = { ...verdict, seen: (task.review ?? task.audit)?.seen };
    return api.post(`/api/tasks/${task.id}/review`, body, {
      headers: { "Idempotency-Key": key },
      keepalive: JSON.stringify(body).length < 50_000,
    });
  }

  /** The task as it is now, where it can be had: its answers may have changed since it was handed out. */
  async #anew(task: Task): Promise<Task> {
    return api.get<Task>(`/api/tasks/${task.id}`).catch(() => task);
  }
}
