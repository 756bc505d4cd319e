import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Again } from "./again";
import { ApiError } from "./api";

const away = new ApiError(0, "unreachable", "The server does not answer.");

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("what nobody answered is tried again after 1, 2, 4, 8 and then every 15 seconds, until it works", () => {
  const at: number[] = [];
  const start = Date.now();
  const again = new Again(() => {
    at.push((Date.now() - start) / 1000);
    if (at.length < 6) again.failed(away);
    else again.stop();
  });
  again.failed(away);
  vi.advanceTimersByTime(120_000);
  expect(at).toEqual([1, 3, 7, 15, 30, 45]);
});

test("what the server refused is not tried again", () => {
  const run = vi.fn();
  expect(new Again(run).failed(new ApiError(403, "forbidden", "No."))).toBe(false);
  vi.advanceTimersByTime(60_000);
  expect(run).not.toHaveBeenCalled();
});
