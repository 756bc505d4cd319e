// The annotator's queue: the next tasks lie ready with their media decoded, answers leave in order and survive a lost network and an ended
// session, drafts survive a closed tab.

import { problemOf, triedAgain, type Problem } from "../core/problem";
import { Again } from "../core/again";
import { api, ApiError, blobAddress, projectPath } from "../core/api";
import { Drawer } from "../core/kept";
import { Leases } from "../core/leases";
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
  /** Whether the tasks in hand went back to the others while nobody was there. */
  away = $state(false);
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
  #draft: { task: Task; sequence: number; body: DraftBody } | null = null;
  readonly #again = new Again(() => void this.load());
  readonly #draftAgain = new Again(() => void this.#sendDraft());
  readonly #leases = new Leases(() => this.#beat(), () => void this.#ended());
  #sending = false;
  /** The sending of the oldest answer that waits. */
  #attempt: Promise<void> = Promise.resolve();
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
    await this.#load();
  }

  /** Lease tasks; `anew` also instead of those in hand, whose leases have ended. */
  async #load(anew = false): Promise<boolean> {
    if (this.#asking) return false;
    this.#asking = true;
    try {
      this.#drawer ??= await Drawer.open(this.#person, this.#project, noRoom);
      this.refused = this.#drawer.all<Refused>("refused ");
      for (const left of this.#outbox()) this.#finished.add(left.task);
      await this.#flush();
      const { tasks, done } = await api.post<{ tasks: Task[]; done: number | null }>(projectPath(this.#project, "/tasks/next"), { count: AHEAD, done: this.#before === null });
      this.#before ??= done;
      // An own answer that is gone back to needs no lease.
      if (anew) this.tasks = this.tasks.filter((one) => one.values);
      this.#take(tasks);
      this.problem = null;
      this.away = false;
      this.#again.stop();
      return true;
    } catch (error) {
      const again = this.#again.failed(error);
      if (!this.tasks.length) this.problem = again ? triedAgain(error) : problemOf(error);
      return false;
    } finally {
      this.loaded = true;
      this.#asking = false;
      if (this.current && !this.away) this.#leases.keep(this.current.lease_seconds);
    }
  }

  /** The newest draft of a task: of this browser, or of the server. */
  draft(task: Task): DraftBody | null {
    return this.#newest(task)?.body ?? null;
  }

  /** Keep unfinished work: here at once, on the server within a second. */
  save(task: Task, body: DraftBody): void {
    this.#draft = { task, sequence: this.#keep(task, body), body };
    status.saved = "saving";
    clearTimeout(this.#saving);
    this.#draftAgain.pause();
    this.#saving = setTimeout(() => void this.#sendDraft(), SAVE_MS);
  }

  async #sendDraft(): Promise<void> {
    const draft = this.#draft;
    if (!draft) return;
    const { task, sequence, body } = draft;
    try {
      await api.put(`/api/tasks/${task.id}/draft`, { lease: task.lease, sequence, body });
      this.#draftAgain.stop();
      if (this.#draft !== draft) return;
      this.#draft = null;
      status.saved = "saved";
    } catch (error) {
      status.saved = "unsaved";
      status.reason = `The draft is kept in this browser. ${problemOf(error).message}`;
      if (this.#draft !== draft) return;
      if (error instanceof ApiError && error.code === "lease_lost" && !task.values) void this.#resume();
      else this.#draftAgain.failed(error);
    }
  }

  #forgetDraft(): void {
    clearTimeout(this.#saving);
    this.#draftAgain.stop();
    this.#draft = null;
  }

  /** Take the next task into hand at once, and send the answer behind its back. */
  submit(task: Task, body: DraftBody, seconds: number, confirmed = false): void {
    this.#forgetDraft();
    this.#keep(task, body);
    const first = !task.values && !task.redo;
    this.#post({ task: task.id, item: task.item.key, first, body: { values: body.values, seconds_active: Math.round(seconds * 10) / 10, lease: task.lease, confirmed } });
    this.#sent.set(task.id, task);
    this.#drop(task);
    status.say("Submitted.");
    if (this.tasks.length < AHEAD - 1) void this.load();
  }

  async skip(task: Task, reason: string): Promise<void> {
    this.#forgetDraft();
    this.#drop(task);
    try {
      const { next } = await api.post<{ next: Task | null }>(`/api/tasks/${task.id}/skip`, { reason });
      if (next) this.#take([next]);
      this.#drawer?.remove(draftName(task.id));
    } catch (error) {
      status.toast(problemOf(error).message, { tone: "bad" });
      // Where nobody answered it is still in hand, with its draft.
      if (error instanceof ApiError && error.passing) this.bring(task);
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
    this.#leases.stop();
    this.#again.stop();
    this.#draftAgain.stop();
    removeEventListener("online", this.#online);
  }

  /** Wait until the answers that were given have left; an error where they cannot. */
  async left(): Promise<void> {
    for (const _ of this.#outbox()) await this.#attempt;
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
          await (this.#attempt = this.#send(this.#outbox()[0]!));
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

  #beat(): void {
    if (this.away) return void this.#resume();
    for (const task of this.tasks) {
      if (task.values) continue;
      api.post(`/api/tasks/${task.id}/heartbeat`, { lease: task.lease }).catch((error: unknown) => {
        if (!(error instanceof ApiError) || error.code !== "lease_lost") return;
        if (task === this.current) void this.#resume();
        else if (this.tasks.includes(task)) this.tasks = this.tasks.filter((one) => one !== task);
      });
    }
  }

  /** The leases ran out while nobody was there, unless another tab has kept them. */
  async #ended(): Promise<void> {
    const task = this.tasks.find((one) => !one.values);
    if (!task) return;
    try {
      await api.get<Task>(`/api/tasks/${task.id}`);
    } catch (error) {
      this.away = error instanceof ApiError && !error.passing && error.status !== 401;
    }
    if (!this.away) this.#leases.keep(task.lease_seconds);
  }

  /** Go on after the leases have ended: with the same tasks, where nobody took them, and with their drafts. */
  async #resume(): Promise<void> {
    const [before, draft] = [this.current, this.#draft];
    if (!(await this.#load(true)) || !before || before.values) return;
    const mine = this.tasks.find((one) => one.id === before.id);
    if (mine) {
      // It stays in hand, whatever the order in which they came.
      this.tasks = [mine, ...this.tasks.filter((one) => one !== mine)];
      if (draft?.task.id === mine.id) this.save(mine, this.#draft?.body ?? draft.body);
      status.toast("The task is yours again, and so is your draft.");
    } else {
      this.#forgetDraft();
      status.toast(`The time for ${before.item.key} ran out and it went to somebody else. Your draft is kept in this browser.`, { tone: "bad", seconds: 12 });
    }
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
