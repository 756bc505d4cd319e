// The annotator's queue: the next tasks lie ready with their media decoded, answers leave in order and survive a lost network and an ended
// session, drafts survive a closed tab.

import { problemOf, type Problem } from "../components/problem";
import { api, ApiError, blobAddress, projectPath } from "../core/api";
import { Drawer } from "../core/kept";
import { status } from "../core/status.svelte";
import type { Finding, Task, Values } from "../core/types";
import type { DraftBody } from "./work.svelte";

const AHEAD = 3;
const SAVE_MS = 600;

interface Draft {
  sequence: number;
  body: DraftBody;
}

interface Outgoing {
  /** Its place in the order of sending. */
  name: string;
  key: string;
  task: number;
  /** The item's key, by which people know it. */
  item: string;
  /** Whether it answers an item for the first time. */
  first: boolean;
  body: { values: Values; seconds_active: number; lease: string; confirmed: boolean };
}

/** An answer that the server refused for good. It is kept until somebody sends it again or lets it go. */
export interface Refused extends Outgoing {
  problem: Problem;
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
  refused = $state.raw<Refused[]>([]);
  /** How many items the person had answered when the page opened, as the server counts. */
  #before = $state<number | null>(null);
  /** The tasks whose items were answered for the first time since. */
  #answered = $state.raw<ReadonlySet<number>>(new Set());
  #drawer: Drawer | null = null;
  readonly #person: number;
  readonly #project: string;
  readonly #finished = new Set<number>();
  readonly #sent = new Map<number, Task>();
  #sequence = 0;
  #saving: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;
  #sending = false;
  #asking = false;
  #closed = false;

  constructor(person: number, project: string) {
    this.#person = person;
    this.#project = project;
    addEventListener("online", this.#online);
  }

  get current(): Task | null {
    return this.tasks[0] ?? null;
  }

  /** How many items the person has answered in this project. */
  get done(): number {
    return (this.#before ?? 0) + this.#answered.size;
  }

  /** Send what a closed tab left behind, then lease tasks; those that one holds already come back first. */
  async load(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      this.#drawer ??= await Drawer.open(this.#person, this.#project, noRoom);
      this.refused = this.#drawer.all<Refused>("refused ");
      for (const left of this.#outbox()) this.#finished.add(left.task);
      await this.#flush();
      const { tasks, done } = await api.post<{ tasks: Task[]; done: number }>(projectPath(this.#project, "/tasks/next"), { count: AHEAD });
      this.#before ??= done;
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
    return this.#newest(task)?.body ?? null;
  }

  /** Keep unfinished work: here at once, on the server within a second. */
  save(task: Task, body: DraftBody): void {
    const sequence = this.#keep(task, body);
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
        status.reason = `The draft is kept in this browser. ${problemOf(error).message}`;
      }
    }, SAVE_MS);
  }

  /** Take the next task into hand at once, and send the answer behind its back. */
  submit(task: Task, body: DraftBody, seconds: number, confirmed = false): void {
    clearTimeout(this.#saving);
    this.#keep(task, body);
    const first = !task.values && !task.redo;
    this.#post({ task: task.id, item: task.item.key, first, body: { values: body.values, seconds_active: Math.round(seconds * 10) / 10, lease: task.lease, confirmed } });
    this.#sent.set(task.id, task);
    this.#drop(task);
    status.say("Submitted.");
    if (this.tasks.length < AHEAD - 1) void this.load();
  }

  async skip(task: Task, reason: string): Promise<void> {
    this.#drop(task);
    try {
      const { next } = await api.post<{ next: Task | null }>(`/api/tasks/${task.id}/skip`, { reason });
      if (next) this.#take([next]);
      this.#drawer?.remove(draftName(task.id));
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

  /** Send a refused answer once more. */
  sendAgain(one: Refused): void {
    this.letGo(one);
    this.#post(one);
  }

  /** Forget a refused answer. */
  letGo(one: Refused): void {
    this.#drawer?.remove(`refused ${one.name}`);
    this.refused = this.refused.filter((other) => other.name !== one.name);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#beat);
    removeEventListener("online", this.#online);
  }

  readonly #online = (): void => void this.#flush();

  #post({ task, item, first, body }: Omit<Outgoing, "name" | "key">): void {
    const name = `${Date.now()}`.padStart(15, "0") + ` ${newKey()}`;
    this.#drawer?.put(`answer ${name}`, { name, key: newKey(), task, item, first, body } satisfies Outgoing);
    if (first) this.#answered = new Set([...this.#answered, task]);
    void this.#flush();
  }

  /** Send the answers that wait, the oldest first. */
  async #flush(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      for (let wait = 1; this.#outbox().length && !this.#closed; ) {
        try {
          await this.#send(this.#outbox()[0]!);
          wait = 1;
          status.saved = "saved";
          status.reason = "";
        } catch (error) {
          if (!(error instanceof ApiError) || !(error.passing || error.status === 401)) throw error;
          status.saved = "unsaved";
          status.reason = "Answers wait in this browser for the server.";
          // They are sent when the same person has signed in again.
          if (error.status === 401) return;
          await new Promise((resolve) => setTimeout(resolve, wait * 1000));
          wait = Math.min(wait * 2, 15);
        }
      }
    } finally {
      this.#sending = false;
    }
  }

  async #send(out: Outgoing): Promise<void> {
    try {
      const { next } = await api.post<{ next: Task | null }>(`/api/tasks/${out.task}/submit`, out.body, { headers: { "Idempotency-Key": out.key } });
      this.#settled(out);
      this.#drawer?.remove(draftName(out.task));
      if (next) this.#take([next]);
    } catch (error) {
      if (error instanceof ApiError && (error.passing || error.status === 401)) throw error;
      await this.#comeBack(out, error);
    }
  }

  /** What was refused is in somebody's hands again before it leaves the outbox: as the task itself where the checks speak, or in a list. */
  async #comeBack(out: Outgoing, error: unknown): Promise<void> {
    const problem = problemOf(error);
    const checked = error instanceof ApiError && error.findings.length > 0;
    const task = checked ? (this.#sent.get(out.task) ?? (await api.get<Task>(`/api/tasks/${out.task}`).catch(() => null))) : null;
    if (checked && task) {
      this.bring(task);
      this.returned = { task, findings: error.findings, problem, confirmable: error.code === "needs_confirmation" };
    } else {
      const refused = { ...out, problem };
      this.#drawer?.put(`refused ${out.name}`, refused);
      this.refused = [...this.refused, refused];
      status.say(`The answer to ${out.item} was not taken. ${problem.message}`);
    }
    if (out.first) this.#answered = new Set([...this.#answered].filter((id) => id !== out.task));
    this.#settled(out);
  }

  #settled(out: Outgoing): void {
    this.#drawer?.remove(`answer ${out.name}`);
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

  #newest(task: Task): Draft | null {
    const own = this.#drawer?.get<Draft>(draftName(task.id)) ?? null;
    const theirs = task.draft as Draft | null;
    return own && (!theirs || own.sequence >= theirs.sequence) ? own : theirs;
  }

  /** Keep a draft here, under a number higher than that of any before: seconds since 1970, or one more where that is not enough. */
  #keep(task: Task, body: DraftBody): number {
    this.#sequence = Math.max(Math.floor(Date.now() / 1000), this.#sequence + 1, (this.#newest(task)?.sequence ?? 0) + 1);
    this.#drawer?.put(draftName(task.id), { sequence: this.#sequence, body } satisfies Draft);
    return this.#sequence;
  }

  #outbox(): Outgoing[] {
    return this.#drawer?.all<Outgoing>("answer ") ?? [];
  }
}

function draftName(task: number): string {
  return `draft ${task}`;
}

function noRoom(): void {
  status.saved = "unsaved";
  status.reason = "This browser has no room left to keep drafts.";
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
