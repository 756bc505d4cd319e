import "fake-indexeddb/auto";
import { expect, test } from "vitest";
import { Drawer } from "./kept";

const never = (): void => {
  throw new Error("It could not be kept.");
};

test("what is kept is found again, in order, by the same person in the same project only", async () => {
  const mine = await Drawer.open(1, "tickets", never);
  mine.put("answer 2", "second");
  mine.put("answer 1", "first");
  mine.put("draft 7", { values: {} });
  mine.put("draft 8", "gone");
  mine.remove("draft 8");
  const again = await Drawer.open(1, "tickets", never);
  expect(again.all("answer ")).toEqual(["first", "second"]);
  expect(again.get("draft 7")).toEqual({ values: {} });
  expect(again.get("draft 8")).toBe(null);
  for (const [person, project] of [
    [2, "tickets"],
    [1, "scenes"],
    [10, "tickets"],
  ] as const) {
    expect((await Drawer.open(person, project, never)).all("")).toEqual([]);
  }
});

test("a browser that keeps nothing says so, and goes on", async () => {
  const { indexedDB } = globalThis;
  Object.assign(globalThis, { indexedDB: undefined });
  let full = 0;
  const drawer = await Drawer.open(3, "tickets", () => full++);
  drawer.put("draft 1", "here");
  expect([drawer.get("draft 1"), full]).toEqual(["here", 1]);
  Object.assign(globalThis, { indexedDB });
});
