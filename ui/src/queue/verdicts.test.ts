import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Task } from "../core/types";
import { newKey } from "./leased.svelte";
import { UNDO_SECONDS, VerdictQueue } from "./verdicts.svelte";

const task = (id: number): Task =>
  ({
    id,
    project: "p",
    purpose: "review",
    lease: `l${id}`,
    lease_seconds: 900,
    pipeline_version: 1,
    item: { id, key: `k${id}`, data: {}, meta: {} },
    suggestions: [],
    draft: null,
    redo: null,
    review: null,
    audit: null,
    values: null,
    annotation_id: null,
    comments: [],
  }) satisfies Task;

interface Call {
  path: string;
  body: Record<string, unknown>;
  key: string | undefined;
}
let calls: Call[] = [];
let answers: ((call: Call) => { status: number; body: unknown })[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  calls = [];
  answers = [];
  let served = 1;
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    const call = {
      path,
      body: JSON.parse(String(init.body)) as Record<string, unknown>,
      key: (init.headers as Record<string, string>)["Idempotency-Key"],
    };
    calls.push(call);
    const special = answers.shift();
    const { status, body } = special
      ? special(call)
      : {
          status: 200,
          body: path.endsWith("/next")
            ? { tasks: [task(served++), task(served++), task(served++)] }
            : { review_id: 1, next: task(served++) },
        };
    return new Response(JSON.stringify(body), { status });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const verdicts = () => calls.filter((call) => call.path.endsWith("/review"));

describe("the queue of verdicts", () => {
  it("shows the next review at once and sends the verdict when the time to take it back is over", async () => {
    const queue = new VerdictQueue("p");
    await queue.load();
    queue.give({ verdict: "accept", seconds_active: 1 });
    expect(queue.current?.id).toBe(2);
    expect(verdicts()).toEqual([]);
    await vi.advanceTimersByTimeAsync(UNDO_SECONDS * 1000 + 10);
    expect(verdicts().map((call) => call.path)).toEqual(["/api/tasks/1/review"]);
    queue.close();
  });

  it("keeps a review in hand that cannot be passed on because nobody answers", async () => {
    const queue = new VerdictQueue("p");
    await queue.load();
    answers = [() => ({ status: 503, body: { error: { code: "unavailable", message: "Later." } } })];
    await queue.skipCurrent();
    expect(queue.current?.id).toBe(1);
    queue.close();
  });

  it("takes a verdict back: nothing was sent, and the review is in hand again", async () => {
    const queue = new VerdictQueue("p");
    await queue.load();
    queue.give({ verdict: "reject", reason: "no", annotation_id: 5, seconds_active: 1 });
    expect(queue.undo()).toMatchObject({ verdict: "reject", reason: "no" });
    expect([queue.current?.id, queue.given]).toEqual([1, 0]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(verdicts()).toEqual([]);
    queue.close();
  });

  it("sends the verdict before with the next one, in order and each once", async () => {
    const queue = new VerdictQueue("p");
    await queue.load();
    queue.give({ verdict: "accept", seconds_active: 1 });
    queue.give({ verdict: "accept", seconds_active: 1 });
    await queue.flush();
    expect(verdicts().map((call) => call.path)).toEqual(["/api/tasks/1/review", "/api/tasks/2/review"]);
    expect(new Set(verdicts().map((call) => call.key)).size).toBe(2);
    expect(queue.tasks.map((one) => one.id)).not.toContain(1);
    queue.close();
  });

  it("tries again under the same key while the server does not answer", async () => {
    const queue = new VerdictQueue("p");
    await queue.load();
    answers = [() => ({ status: 503, body: {} })];
    queue.give({ verdict: "accept", seconds_active: 1 });
    const sent = queue.flush();
    await vi.advanceTimersByTimeAsync(3000);
    await sent;
    expect(verdicts().length).toBe(2);
    expect(verdicts()[0]!.key).toBe(verdicts()[1]!.key);
    queue.close();
  });

  it("brings a review back that the server refused, but not one that belongs to somebody else now", async () => {
    const queue = new VerdictQueue("p");
    await queue.load();
    answers = [() => ({ status: 422, body: { error: { code: "invalid_input", message: "No." } } })];
    queue.give({ verdict: "accept", seconds_active: 1 });
    await queue.flush();
    expect(queue.current?.id).toBe(1);
    answers = [() => ({ status: 409, body: { error: { code: "lease_lost", message: "Gone." } } })];
    queue.give({ verdict: "accept", seconds_active: 1 });
    await queue.flush();
    expect(queue.current?.id).toBe(2);
    queue.close();
  });

  it("makes keys that differ", () => {
    expect(newKey()).toMatch(/^[0-9a-f]{32}$/);
    expect(newKey()).not.toBe(newKey());
  });
});
