// The tasks that somebody has leased, for labeling as for reviewing: the one in hand, and the next ones with their media decoded. Leases are
// kept alive as long as somebody is at work; a task whose lease is lost leaves the queue.

import { Again } from "../core/again";
import { api, ApiError, blobAddress } from "../core/api";
import { Leases } from "../core/leases";
import { problemOf, triedAgain, type Problem } from "../core/problem";
import type { NextTask } from "../core/server";
import { status } from "../core/status.svelte";
import type { Task } from "../core/types";
import { viewerOf } from "../viewers";

/** How many tasks lie ready, the one in hand included. */
export const AHEAD = 3;

export abstract class LeaseQueue {
  tasks = $state.raw<Task[]>([]);
  loaded = $state(false);
  problem = $state.raw<Problem | null>(null);
  /** Whether the tasks in hand went back to the others while nobody was there. */
  away = $state(false);
  protected readonly project: string;
  /** Tasks that are done with, which do not come back by themselves. */
  protected readonly finished = new Set<number>();
  readonly #again = new Again(() => void this.load());
  readonly #leases = new Leases(
    () => this.beat(),
    () => void this.ended(),
  );
  #asking = false;

  constructor(project: string) {
    this.project = project;
  }

  get current(): Task | null {
    return this.tasks[0] ?? null;
  }

  /** Lease tasks until some lie ready; those that one holds already come back first. With `anew` also instead of those
   * in hand, whose leases have ended. Tells whether the server answered. */
  async load(anew = false): Promise<boolean> {
    if (this.#asking) return false;
    this.#asking = true;
    try {
      this.take(await this.lease(anew));
      this.problem = null;
      this.away = false;
      this.#again.stop();
      return true;
    } catch (error) {
      this.failed(this.#again.failed(error) ? triedAgain(error) : problemOf(error));
      return false;
    } finally {
      this.loaded = true;
      this.#asking = false;
      if (this.current && !this.away) this.keep(this.current);
    }
  }

  /** Give a task back to the others; whether that reached the server. */
  async skip(task: Task, reason = ""): Promise<boolean> {
    this.drop(task);
    try {
      const { next } = await api.post<NextTask>(`/api/tasks/${task.id}/skip`, { reason });
      if (next) this.take([next]);
      return true;
    } catch (error) {
      status.toast(problemOf(error).message, { tone: "bad" });
      // Where nobody answered it is still in hand.
      if (error instanceof ApiError && error.passing) this.bring(task);
      return false;
    }
  }

  /** Bring a task in hand. */
  bring(task: Task): void {
    this.finished.delete(task.id);
    this.tasks = [task, ...this.tasks.filter((one) => one.id !== task.id)];
  }

  close(): void {
    this.#leases.stop();
    this.#again.stop();
  }

  /** Ask the server for tasks. */
  protected abstract lease(anew: boolean): Promise<Task[]>;

  /** What becomes of a task whose lease is lost. */
  protected abstract lost(task: Task): void;

  /** The leases ran out while nobody was there. */
  protected ended(): void | Promise<void> {}

  /** The tasks whose leases are prolonged. */
  protected get held(): Task[] {
    return this.tasks;
  }

  protected failed(problem: Problem): void {
    this.problem = problem;
  }

  /** The leases last as long as that of this task from now on. */
  protected keep(task: Task): void {
    this.#leases.keep(task.lease_seconds);
  }

  /** Put tasks behind those that lie ready, with their media fetched before they are looked at. */
  protected take(tasks: Task[]): void {
    const known = new Set(this.tasks.map((task) => task.id));
    const fresh = tasks.filter((task) => !known.has(task.id) && !this.finished.has(task.id));
    for (const task of fresh) this.#prefetch(task);
    if (fresh.length) this.tasks = [...this.tasks, ...fresh];
  }

  /** A task is done with. */
  protected drop(task: Task): void {
    this.finished.add(task.id);
    this.tasks = this.tasks.filter((one) => one.id !== task.id);
  }

  protected beat(): void {
    for (const task of this.held) {
      api.post(`/api/tasks/${task.id}/heartbeat`, { lease: task.lease }).catch((error: unknown) => {
        if (error instanceof ApiError && error.code === "lease_lost") this.lost(task);
      });
    }
  }

  #prefetch(task: Task): void {
    for (const field of Object.values(task.item.data)) viewerOf(field).prefetch(field, (digest) => blobAddress(this.project, digest));
  }
}

/** A key that no two requests share. `crypto.randomUUID` is closed to pages that come over plain HTTP. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
