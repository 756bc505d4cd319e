import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Task } from "../../core/types";
import { Desk, newKey, UNDO_SECONDS } from "./desk.svelte";

const task = (id: number): Task =>
  ({ id, project: "p", purpose: "review", lease: `l${id}`, lease_seconds: 900, pipeline_version: 1, item: { id, key: `k${id}`, data: {}, meta: {} }, suggestions: [], draft: null, redo: null, review: null, audit: null, values: null, comments: [] }) satisfies Task;

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
    const call = { path, body: JSON.parse(String(init.body)) as Record<string, unknown>, key: (init.headers as Record<string, string>)["Idempotency-Key"] };
    calls.push(call);
    const special = answers.shift();
    const { status, body } = special
      ? special(call)
      : { status: 200, body: path.endsWith("/next") ? { tasks: [task(served++), task(served++), task(served++)] } : { review_id: 1, next: task(served++) } };
    return new Response(JSON.stringify(body), { status });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const verdicts = () => calls.filter((call) => call.path.endsWith("/review"));

describe("the desk", () => {
  it("shows the next review at once and sends the verdict when the time to take it back is over", async () => {
    const desk = new Desk("p");
    await desk.load();
    desk.give({ verdict: "accept", seconds_active: 1 });
    expect(desk.current?.id).toBe(2);
    expect(verdicts()).toEqual([]);
    await vi.advanceTimersByTimeAsync(UNDO_SECONDS * 1000 + 10);
    expect(verdicts().map((call) => call.path)).toEqual(["/api/tasks/1/review"]);
    desk.close();
  });

  it("keeps a review in hand that cannot be passed on because nobody answers", async () => {
    const desk = new Desk("p");
    await desk.load();
    answers = [() => ({ status: 503, body: { error: { code: "unavailable", message: "Later." } } })];
    await desk.skip();
    expect(desk.current?.id).toBe(1);
    desk.close();
  });

  it("takes a verdict back: nothing was sent, and the review is in hand again", async () => {
    const desk = new Desk("p");
    await desk.load();
    desk.give({ verdict: "reject", reason: "no", annotation_id: 5, seconds_active: 1 });
    expect(desk.undo()).toMatchObject({ verdict: "reject", reason: "no" });
    expect([desk.current?.id, desk.given]).toEqual([1, 0]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(verdicts()).toEqual([]);
    desk.close();
  });

  it("sends the verdict before with the next one, in order and each once", async () => {
    const desk = new Desk("p");
    await desk.load();
    desk.give({ verdict: "accept", seconds_active: 1 });
    desk.give({ verdict: "accept", seconds_active: 1 });
    await desk.flush();
    expect(verdicts().map((call) => call.path)).toEqual(["/api/tasks/1/review", "/api/tasks/2/review"]);
    expect(new Set(verdicts().map((call) => call.key)).size).toBe(2);
    expect(desk.queue.map((one) => one.id)).not.toContain(1);
    desk.close();
  });

  it("tries again under the same key while the server does not answer", async () => {
    const desk = new Desk("p");
    await desk.load();
    answers = [() => ({ status: 503, body: {} })];
    desk.give({ verdict: "accept", seconds_active: 1 });
    const sent = desk.flush();
    await vi.advanceTimersByTimeAsync(3000);
    await sent;
    expect(verdicts().length).toBe(2);
    expect(verdicts()[0]!.key).toBe(verdicts()[1]!.key);
    desk.close();
  });

  it("brings a review back that the server refused, but not one that belongs to somebody else now", async () => {
    const desk = new Desk("p");
    await desk.load();
    answers = [() => ({ status: 422, body: { error: { code: "invalid_input", message: "No." } } })];
    desk.give({ verdict: "accept", seconds_active: 1 });
    await desk.flush();
    expect(desk.current?.id).toBe(1);
    answers = [() => ({ status: 409, body: { error: { code: "lease_lost", message: "Gone." } } })];
    desk.give({ verdict: "accept", seconds_active: 1 });
    await desk.flush();
    expect(desk.current?.id).toBe(2);
    desk.close();
  });

  it("makes keys that differ", () => {
    expect(newKey()).toMatch(/^[0-9a-f]{32}$/);
    expect(newKey()).not.toBe(newKey());
  });
});
