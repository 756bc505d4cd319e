import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Answer, Schema, Values } from "../core/types";
import { differences } from "./differences";

interface Vector {
  about: string;
  question: string;
  answers: (Answer | null)[];
  alike: boolean;
}

const { vectors, ...schema } = JSON.parse(
  readFileSync(new URL("../../../tests/quality/alike.json", import.meta.url), "utf-8"),
) as unknown as Schema & {
  vectors: Vector[];
};

describe("the page sees a difference exactly where the server would not call the answers the same", () => {
  test.each(vectors.map((one) => [one.about, one] as const))("%s", (_, { question, answers, alike }) => {
    const values = answers.map((answer): Values => (answer ? { [question]: answer } : {}));
    expect(differences(values, [question], schema).length === 0).toBe(alike);
  });
});
