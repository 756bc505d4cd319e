import { expect, test } from "vitest";
import type { Finding, Values } from "../core/types";
import { standing } from "./findings";

test("a finding stands as long as the answer it speaks of does", () => {
  const values = { mood: { kind: "choice", label: "bad" }, parts: { kind: "spans", spans: [] } } as unknown as Values;
  const findings = [
    { question: "mood", message: "a" },
    { question: "parts", message: "b" },
    { question: null, message: "c" },
  ] as unknown as Finding[];
  const left = (now: Values): string =>
    standing({ findings, values }, now)
      .map(({ message }) => message)
      .join("");
  expect(left(values)).toBe("abc");
  expect(left({ ...values, mood: { kind: "choice", label: "good" } })).toBe("b");
});
