// The annotator's queue: the next tasks lie ready with their media decoded, answers leave in order and survive a lost network, drafts
// survive a closed tab.

import { problemOf, type Problem } from "../components/problem";
import { api, ApiError, blobAddress, projectPath } from "../core/api";
import { status } from "../core/status.svelte";
import type { Finding, Task, Values } from "../core/types";
import type { DraftBody } from "./work.svelte";

const AHEAD = 3;
const SAVE_MS = 600;

interface Outgoing {
  task: number;
  project: string;
  key: string;
  body: { values: Values; seconds_active: number; lease: string; confirmed: boolean };
}

/** What the server said about an answer that was thought to be done. */
export interface Returned {
  task: Task;
  findings: Finding[];
  problem: Problem;
  confirmable: boolean;
}

export class Queue {
  tasks = $state.raw<Task[]>([]);
  loaded = $state(false);
  problem = $state.raw<Problem | null>(null);
  returned = $state.raw<Returned | null>(null);
  done = $state(0);
  readonly #project: string;
  readonly #finished = new Set<number>();
  readonly #sent = new Map<number, Task>();
  #sequence = Date.now();
  #saving: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;
  #sending = false;
  #asking = false;
  #closed = false;

  constructor(project: string) {
    this.#project = project;
    addEventListener("online", this.#online);
  }

  get current(): Task | null {
    return this.tasks[0] ?? null;
  }

  /** Send what a closed tab left behind, then lease tasks; those that one holds already come back first. */
  async load(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      for (const left of this.#outbox()) this.#finished.add(left.task);
      await this.#flush();
      const { tasks } = await api.post<{ tasks: Task[] }>(projectPath(this.#project, "/tasks/next"), { count: AHEAD });
      this.#take(tasks);
      this.problem = null;
    } catch (error) {
      if (!this.tasks.length) this.problem = problemOf(error);
    }
    this.loaded = true;
    this.#asking = false;
    this.#keepLeases();
  }

  /** The newest draft of a task: of this browser, or of the server. */
  draft(task: Task): DraftBody | null {
    const own = read<{ sequence: number; body: DraftBody }>(this.#draftName(task.id));
    const theirs = task.draft as { sequence: number; body: DraftBody } | null;
    return (own && (!theirs || own.sequence >= theirs.sequence) ? own : theirs)?.body ?? null;
  }

  /** Keep unfinished work: here at once, on the server within a second. */
  save(task: Task, body: DraftBody): void {
    const sequence = ++this.#sequence;
    write(this.#draftName(task.id), { sequence, body });
    status.saved = "saving";
    clearTimeout(this.#saving);
    this.#saving = setTimeout(async () => {
      try {
        await api.put(`/api/tasks/${task.id}/draft`, { lease: task.lease, sequence, body });
        if (sequence === this.#sequence) status.saved = "saved";
      } catch (error) {
        if (error instanceof ApiError && error.code === "lease_lost") {
          status.toast("The time for this task ran out and it went to somebody else. Your draft is kept in this browser.", { tone: "bad", seconds: 12 });
        }
        status.saved = "unsaved";
        status.reason = "The draft is kept in this browser until the server answers.";
      }
    }, SAVE_MS);
  }

  /** Take the next task into hand at once, and send the answer behind its back. */
  submit(task: Task, values: Values, seconds: number, confirmed = false): void {
    clearTimeout(this.#saving);
    const body = { values, seconds_active: Math.round(seconds * 10) / 10, lease: task.lease, confirmed };
    write(this.#outboxName(), [...this.#outbox(), { task: task.id, project: this.#project, key: newKey(), body }]);
    this.#sent.set(task.id, task);
    this.#drop(task);
    this.done++;
    status.say("Submitted.");
    void this.#flush();
    if (this.tasks.length < AHEAD - 1) void this.load();
  }

  async skip(task: Task, reason: string): Promise<void> {
    this.#drop(task);
    try {
      const { next } = await api.post<{ next: Task | null }>(`/api/tasks/${task.id}/skip`, { reason });
      if (next) this.#take([next]);
      remove(this.#draftName(task.id));
    } catch (error) {
      status.toast(problemOf(error).message, { tone: "bad" });
    }
    if (!this.tasks.length) await this.load();
  }

  /** Bring a task in hand: an own answer to go back to, or one that the checks sent back. */
  bring(task: Task): void {
    this.#finished.delete(task.id);
    this.tasks = [task, ...this.tasks.filter((one) => one.id !== task.id)];
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#beat);
    removeEventListener("online", this.#online);
  }

  readonly #online = (): void => void this.#flush();

  /** Send the answers that wait, the oldest first. */
  async #flush(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    for (let wait = 1; this.#outbox().length && !this.#closed; ) {
      const [first] = this.#outbox();
      try {
        await this.#send(first!);
        wait = 1;
        status.saved = "saved";
        status.reason = "";
      } catch (error) {
        if (!(error instanceof ApiError) || !error.passing) throw error;
        status.saved = "unsaved";
        status.reason = "Answers wait in this browser for the server.";
        await new Promise((resolve) => setTimeout(resolve, wait * 1000));
        wait = Math.min(wait * 2, 15);
      }
    }
    this.#sending = false;
  }

  async #send(out: Outgoing): Promise<void> {
    try {
      const { next } = await api.post<{ next: Task | null }>(`/api/tasks/${out.task}/submit`, out.body, { headers: { "Idempotency-Key": out.key } });
      this.#settled(out);
      remove(this.#draftName(out.task));
      if (next) this.#take([next]);
    } catch (error) {
      if (error instanceof ApiError && error.passing) throw error;
      this.#settled(out);
      this.done--;
      await this.#comeBack(out, error);
    }
  }

  async #comeBack(out: Outgoing, error: unknown): Promise<void> {
    const task = this.#sent.get(out.task) ?? (await api.get<Task>(`/api/tasks/${out.task}`).catch(() => null));
    const problem = problemOf(error);
    if (error instanceof ApiError && error.findings.length && task) {
      write(this.#draftName(task.id), { sequence: ++this.#sequence, body: { values: out.body.values, changes: [], done: 0 } });
      this.bring(task);
      this.returned = { task, findings: error.findings, problem, confirmable: error.code === "needs_confirmation" };
      return;
    }
    status.toast([problem.message, problem.hint].filter(Boolean).join(" "), { tone: "bad", seconds: 12 });
  }

  #settled(out: Outgoing): void {
    write(this.#outboxName(), this.#outbox().filter((one) => one.key !== out.key));
    this.#sent.delete(out.task);
  }

  #take(tasks: Task[]): void {
    const known = new Set(this.tasks.map((task) => task.id));
    const waiting = new Set(this.#outbox().map((one) => one.task));
    const fresh = tasks.filter((task) => !known.has(task.id) && !this.#finished.has(task.id) && !waiting.has(task.id));
    for (const task of fresh) prefetch(this.#project, task);
    if (fresh.length) this.tasks = [...this.tasks, ...fresh];
  }

  #drop(task: Task): void {
    this.#finished.add(task.id);
    this.tasks = this.tasks.filter((one) => one.id !== task.id);
  }

  #keepLeases(): void {
    clearInterval(this.#beat);
    const lasting = this.current?.lease_seconds;
    if (!lasting) return;
    this.#beat = setInterval(() => {
      for (const task of this.tasks) {
        if (task.values) continue;
        api.post(`/api/tasks/${task.id}/heartbeat`, { lease: task.lease }).catch((error: unknown) => {
          if (!(error instanceof ApiError) || error.code !== "lease_lost" || task === this.current) return;
          this.tasks = this.tasks.filter((one) => one.id !== task.id);
        });
      }
    }, (lasting * 1000) / 3);
  }

  #draftName(task: number): string {
    return `labelwright draft ${this.#project} ${task}`;
  }

  #outboxName(): string {
    return `labelwright outbox ${this.#project}`;
  }

  #outbox(): Outgoing[] {
    return read<Outgoing[]>(this.#outboxName()) ?? [];
  }
}

/** Fetch a task's media before it is looked at. */
function prefetch(project: string, task: Task): void {
  for (const field of Object.values(task.item.data)) {
    if (field.modality === "image") {
      const picture = new Image();
      picture.src = blobAddress(project, field.blob);
      void picture.decode().catch(() => undefined);
    } else if (field.modality === "audio") {
      void fetch(blobAddress(project, field.blob)).catch(() => undefined);
      if (field.peaks) void fetch(blobAddress(project, field.peaks)).catch(() => undefined);
    }
  }
}

function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The browser's own store, written at once: a tab that is killed loses nothing. It may be full or forbidden; then the server alone keeps.

function read<T>(name: string): T | null {
  try {
    const text = localStorage.getItem(name);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

function write(name: string, value: unknown): void {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    status.saved = "unsaved";
    status.reason = "This browser has no room left to keep drafts.";
  }
}

function remove(name: string): void {
  try {
    localStorage.removeItem(name);
  } catch {
    // Nothing was kept, then.
  }
}
