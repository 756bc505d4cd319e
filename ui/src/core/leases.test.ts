import { afterEach, beforeEach, expect, test, vi } from "vitest";

const person = vi.hoisted(() => ({ gone: 0, back: (): void => undefined }));
vi.mock("./presence", () => ({
  presence: {
    get idle() {
      return (Date.now() - person.gone) / 1000;
    },
    onReturn: (_seconds: number, back: () => void) => {
      person.back = back;
      return () => undefined;
    },
  },
}));

import { Leases } from "./leases";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("leases are prolonged for as long as they last after the last sign of life, their end is told once, and whoever comes back is asked about", () => {
  const said: string[] = [];
  person.gone = Date.now();
  const leases = new Leases(
    () => said.push("beat"),
    () => said.push("ended"),
  );
  leases.keep(90);
  vi.advanceTimersByTime(89_000);
  expect(said).toEqual(["beat", "beat"]);
  vi.advanceTimersByTime(3_600_000);
  expect(said).toEqual(["beat", "beat", "ended"]);
  person.gone = Date.now();
  person.back();
  expect(said.at(-1)).toBe("beat");
  vi.advanceTimersByTime(3_600_000);
  expect(said.filter((one) => one === "ended")).toHaveLength(2);
  leases.stop();
});

test("with long leases nobody is waited for longer than five minutes", () => {
  const beat = vi.fn();
  person.gone = Date.now();
  const leases = new Leases(beat);
  leases.keep(900);
  vi.advanceTimersByTime(3_600_000);
  expect(beat).toHaveBeenCalledTimes(0);
  leases.stop();
});
