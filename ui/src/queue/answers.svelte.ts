// The annotator's queue: answers leave in order and survive a lost network and an ended session, drafts survive a closed tab.

import { Again } from "../core/again";
import { api, ApiError, projectPath } from "../core/api";
import { Drawer } from "../core/kept";
import { problemOf, type Problem } from "../core/problem";
import type * as Server from "../core/server";
import { status } from "../core/status.svelte";
import type { Finding, Task, Values } from "../core/types";
import type { WorkDraft } from "../label/draft";
import { AHEAD, LeaseQueue, newKey } from "./leased.svelte";

const SAVE_MS = 600;

interface Outgoing {
  /** Its place in the order of sending. */
  name: string;
  key: string;
  task: number;
  /** The item's key, by which people know it. */
  item: string;
  /** Whether it answers an item for the first time. */
  first: boolean;
  body: Server.Submission & { values: Values };
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

export class AnswerQueue extends LeaseQueue {
  returned = $state.raw<Returned | null>(null);
  refused = $state.raw<Refused[]>([]);
  /** How many items the person had answered when the page opened, as the server counts. */
  #before = $state<number | null>(null);
  /** The tasks whose items were answered for the first time since. */
  #answered = $state.raw<ReadonlySet<number>>(new Set());
  #drawer: Drawer | null = null;
  readonly #person: number;
  readonly #sent = new Map<number, Task>();
  #sequence = 0;
  #saving: ReturnType<typeof setTimeout> | undefined;
  #draft: { task: Task; sequence: number; body: WorkDraft } | null = null;
  readonly #draftAgain = new Again(() => void this.#sendDraft());
  #sending = false;
  /** The sending of the oldest answer that waits. */
  #attempt: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(person: number, project: string) {
    super(project);
    this.#person = person;
    addEventListener("online", this.#online);
  }

  /** How many items the person has answered in this project. */
  get done(): number {
    return (this.#before ?? 0) + this.#answered.size;
  }

  /** Send what a closed tab left behind, then lease tasks. */
  protected override async lease(anew: boolean): Promise<Task[]> {
    this.#drawer ??= await Drawer.open(this.#person, this.project, noRoom);
    this.refused = this.#drawer.all<Refused>("refused ");
    for (const left of this.#outbox()) this.finished.add(left.task);
    await this.#flush();
    const { tasks, done } = await api.post<Server.LeasedTasks>(projectPath(this.project, "/tasks/next"), {
      count: AHEAD,
      done: this.#before === null,
    });
    this.#before ??= done;
    // An own answer that is gone back to needs no lease.
    if (anew) this.tasks = this.tasks.filter((one) => one.values);
    return tasks;
  }

  /** As long as there is something in hand, nobody is told. */
  protected override failed(problem: Problem): void {
    if (!this.tasks.length) super.failed(problem);
  }

  /** The newest draft of a task: of this browser, or of the server. */
  draft(task: Task): unknown {
    return this.#newest(task)?.body ?? null;
  }

  /** Keep unfinished work: here at once, on the server within a second. */
  save(task: Task, body: WorkDraft): void {
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

  /** Take the next task into hand at once, and send the `values` behind its back; the draft `body` is kept until they have arrived. */
  submit(task: Task, body: WorkDraft, values: Values, seconds: number, confirmed = false): void {
    this.#forgetDraft();
    this.#keep(task, body);
    const first = !task.values && !task.redo;
    this.#post({
      task: task.id,
      item: task.item.key,
      first,
      body: { values, seconds_active: Math.round(seconds * 10) / 10, lease: task.lease, confirmed, ...correcting(task) },
    });
    this.#sent.set(task.id, task);
    this.drop(task);
    status.say("Submitted.");
    if (this.tasks.length < AHEAD - 1) void this.load();
  }

  override async skip(task: Task, reason = ""): Promise<boolean> {
    this.#forgetDraft();
    const passed = await super.skip(task, reason);
    if (passed) this.#drawer?.remove(draftName(task.id));
    if (!this.tasks.length) await this.load();
    return passed;
  }

  /** Send a refused answer once more; one to a task that was answered in another tab then takes that answer's place. */
  async sendAgain(one: Refused): Promise<void> {
    const task = await api.get<Task>(`/api/tasks/${one.task}`).catch(() => null);
    this.letGo(one);
    this.#post({ ...one, body: { ...one.body, ...(task && correcting(task)) } });
  }

  /** The own answer that a task has by now. */
  async answered(one: Refused): Promise<Values | null> {
    return (await api.get<Task>(`/api/tasks/${one.task}`)).values ?? null;
  }

  /** Forget a refused answer. */
  letGo(one: Refused): void {
    this.#drawer?.remove(`refused ${one.name}`);
    this.refused = this.refused.filter((other) => other.name !== one.name);
  }

  override close(): void {
    super.close();
    this.#closed = true;
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
      for (let wait = 1; this.#outbox().length && !this.#closed;) {
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
      const { next } = await api.post<Server.Submitted>(`/api/tasks/${out.task}/submit`, out.body, {
        headers: { "Idempotency-Key": out.key },
      });
      this.#settled(out);
      this.#drawer?.remove(draftName(out.task));
      if (next) this.take([next]);
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

  protected override take(tasks: Task[]): void {
    const waiting = new Set(this.#outbox().map((one) => one.task));
    super.take(tasks.filter((task) => !waiting.has(task.id)));
  }

  protected override get held(): Task[] {
    return this.tasks.filter((task) => !task.values);
  }

  protected override beat(): void {
    if (this.away) void this.#resume();
    else super.beat();
  }

  protected override lost(task: Task): void {
    if (task === this.current) void this.#resume();
    else if (this.tasks.includes(task)) this.tasks = this.tasks.filter((one) => one !== task);
  }

  /** The leases ran out while nobody was there, unless another tab has kept them. */
  protected override async ended(): Promise<void> {
    const task = this.tasks.find((one) => !one.values);
    if (!task) return;
    try {
      await api.get<Task>(`/api/tasks/${task.id}`);
    } catch (error) {
      this.away = error instanceof ApiError && !error.passing && error.status !== 401;
    }
    if (!this.away) this.keep(task);
  }

  /** Go on after the leases have ended: with the same tasks, where nobody took them, and with their drafts. */
  async #resume(): Promise<void> {
    const [before, draft] = [this.current, this.#draft];
    if (!(await this.load(true)) || !before || before.values) return;
    const mine = this.tasks.find((one) => one.id === before.id);
    if (mine) {
      // It stays in hand, whatever the order in which they came.
      this.tasks = [mine, ...this.tasks.filter((one) => one !== mine)];
      if (draft?.task.id === mine.id) this.save(mine, this.#draft?.body ?? draft.body);
      status.toast("The task is yours again, and so is your draft.");
    } else {
      this.#forgetDraft();
      status.toast(`The time for ${before.item.key} ran out and it went to somebody else. Your draft is kept in this browser.`, {
        tone: "bad",
        seconds: 12,
      });
    }
  }

  #newest(task: Task): Server.Draft | null {
    const own = this.#drawer?.get<Server.Draft>(draftName(task.id)) ?? null;
    const theirs = task.draft;
    return own && (!theirs || own.sequence >= theirs.sequence) ? own : theirs;
  }

  /** Keep a draft here, under a number higher than that of any before: seconds since 1970, or one more where that is not enough. */
  #keep(task: Task, body: WorkDraft): number {
    this.#sequence = Math.max(Math.floor(Date.now() / 1000), this.#sequence + 1, (this.#newest(task)?.sequence ?? 0) + 1);
    this.#drawer?.put(draftName(task.id), { sequence: this.#sequence, body } satisfies Server.Draft);
    return this.#sequence;
  }

  #outbox(): Outgoing[] {
    return this.#drawer?.all<Outgoing>("answer ") ?? [];
  }
}

/** The own answer that one to this task corrects. */
function correcting({ annotation_id: replaces }: Task): Pick<Server.Submission, "replaces"> {
  return replaces ? { replaces } : {};
}

function draftName(task: number): string {
  return `draft ${task}`;
}

function noRoom(): void {
  status.saved = "unsaved";
  status.reason = "This browser has no room left to keep drafts.";
}
