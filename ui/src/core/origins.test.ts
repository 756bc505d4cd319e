import { expect, test } from "vitest";
import { methodName, placeName } from "./origins";

test("a way to reach a consensus is named without digests", () => {
  expect(methodName("fused, weighted 7bff90fb")).toBe("fused, weighted");
  expect(methodName("dawid_skene")).toBe("dawid skene");
  expect(methodName("majority")).toBe("majority");
});

test("a place names its source once", () => {
  expect(placeName("data/tickets.jsonl", "data/tickets.jsonl line 2")).toBe("data/tickets.jsonl line 2");
  expect(placeName("the archive", "2019/a.txt")).toBe("the archive · 2019/a.txt");
});
