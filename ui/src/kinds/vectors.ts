// Answers to try kinds with: those of which the server's tests and ours say whether they are the same. Only tests read them.

import { readFileSync } from "node:fs";
import type { Answer, Schema } from "../core/types";

export interface Vector {
  about: string;
  question: string;
  answers: (Answer | null)[];
  alike: boolean;
}

const { usual, ...file } = JSON.parse(
  readFileSync(new URL("../../../tests/quality/alike.json", import.meta.url), "utf-8"),
) as unknown as Schema & { vectors: Vector[]; usual: Record<string, number> };

export const { vectors } = file;

/** As the server tells it: with the tolerance of each question that has one. */
export const schema: Schema = {
  ...file,
  questions: Object.fromEntries(
    Object.entries(file.questions).map(([name, question]) => [name, { ...question, same: question.same ?? usual[question.kind] ?? null }]),
  ),
};
