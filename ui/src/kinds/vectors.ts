// Answers to try kinds with: those of which the server's tests and ours say whether they are the same. Only tests read them.

import { readFileSync } from "node:fs";
import type { Answer, Schema } from "../core/types";

export interface Vector {
  about: string;
  question: string;
  answers: (Answer | null)[];
  alike: boolean;
}

export const { vectors, ...schema } = JSON.parse(
  readFileSync(new URL("../../../tests/quality/alike.json", import.meta.url), "utf-8"),
) as unknown as Schema & { vectors: Vector[] };
