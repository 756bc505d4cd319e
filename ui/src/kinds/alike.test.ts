import { describe, expect, test } from "vitest";
import type { Values } from "../core/types";
import { differences } from "./differences";
import { schema, vectors } from "./vectors";

describe("the page sees a difference exactly where the server would not call the answers the same", () => {
  test.each(vectors.map((one) => [one.about, one] as const))("%s", (_, { question, answers, alike }) => {
    const values = answers.map((answer): Values => (answer ? { [question]: answer } : {}));
    expect(differences(values, [question], schema).length === 0).toBe(alike);
  });
});
