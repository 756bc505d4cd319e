import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CannotTell, compile, NotKnown, Parts, type Names, type Subject, type Value } from "./index";

interface Vector {
  text: string;
  on?: string;
  value?: unknown;
  cannot?: true;
  refused?: number | null;
  page?: "unknown" | "unchecked";
}

type Known = Record<string, Value>;

const file = JSON.parse(readFileSync(new URL("../../../tests/expressions/vectors.json", import.meta.url), "utf-8")) as {
  names: { answers: Record<string, { labels: string[]; parts?: string[] }>; fields: Record<string, string[]> };
  subjects: Record<string, { answers: Record<string, unknown>; fields: Record<string, Record<string, unknown>>; meta: Known; key: string }>;
  place: Known;
  vectors: Vector[];
};

const entries = <A, B>(all: Record<string, A>, make: (one: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(all).map(([name, one]) => [name, make(one)]));

const values = (known: string[]) => Object.fromEntries(known.map((name) => [name, (of: Known | undefined) => of?.[name] ?? null]));

const names: Names = {
  answers: entries(file.names.answers, ({ parts }) => ({
    get: (answer: unknown) => (parts ? new Parts((answer ?? []) as unknown[]) : (answer as Value)),
    parts: parts ? values(parts) : null,
  })),
  fields: entries(file.names.fields, values),
};

function subject(name: string): Subject {
  const { answers, fields, ...others } = file.subjects[name]!;
  return {
    ...others,
    answers: entries(answers, (one) => (typeof one === "number" ? Array.from({ length: one }, () => file.place) : one)),
    fields: entries(fields, (field) => entries(field, (one) => (field["text"] === one && typeof one === "number" ? "x".repeat(one) : one))),
  };
}

describe("the language says on the page what it says on the server, or that the page does not know", () => {
  test.each(file.vectors.filter((one) => one.page !== "unchecked").map((one) => [one.text, one] as const))("%s", (text, vector) => {
    const run = () => compile(text, names)(subject(vector.on ?? "empty"));
    if (vector.page === "unknown" || "refused" in vector) expect(run).toThrow(NotKnown);
    else if (vector.cannot) expect(run).toThrow(CannotTell);
    else if (typeof vector.value === "number") expect(run()).toBeCloseTo(vector.value, 12);
    else expect(run()).toStrictEqual(vector.value);
  });
});
