// What is kept of work that is not done, and reads it again: also what an older page kept, or anybody else gave to the server.

import type { Project, Values } from "../core/types";
import { isAnsweredBy } from "../kinds";
import type { Place } from "../viewers/viewer";

/** One step: at one place in the answer to a question, some parts went and others came. */
export interface Change {
  question: string;
  at: number;
  removed: Place[];
  added: Place[];
  /** What needs no asking any more, by name: suggestions that this step took up or turned down, and that there is nothing to mark. */
  settled: string[];
}

/** What a draft keeps: enough to go on as if nothing had happened, undo included. */
export interface WorkDraft {
  values: Values;
  /** Null where nobody kept it. */
  settled: string[] | null;
  changes: Change[];
  done: number;
}

/** Read a draft. Answers to what is not asked any more, or was another kind of question, are left out; and so is a history that does not
 * lead to the answers. */
export function readDraft(project: Project, body: unknown): WorkDraft | null {
  if (!isRecord(body) || !isRecord(body["values"])) return null;
  const given = Object.entries(body["values"] as Values);
  const values = Object.fromEntries(given.filter(([name, answer]) => isAsked(project, name, answer)));
  const settled = isArray(body["settled"]) ? body["settled"].map(String) : null;
  const whole = settled && Object.keys(values).length === given.length && isArray(body["changes"]);
  const changes = whole ? (body["changes"] as unknown[]).map(readChange) : [];
  if (!changes.every((change) => change !== null)) return { values, settled, changes: [], done: 0 };
  return { values, settled, changes, done: Math.min(Number(body["done"]) || 0, changes.length) };
}

function isAsked(project: Project, name: string, answer: unknown): boolean {
  const question = project.schema.questions[name];
  return question !== undefined && isRecord(answer) && isAnsweredBy(question, answer as unknown as Values[string]);
}

function readChange(step: unknown): Change | null {
  if (!isRecord(step) || typeof step["question"] !== "string") return null;
  const [removed, added] = [readPlaces(step["removed"]), readPlaces(step["added"])];
  if (!removed || !added) return null;
  return {
    question: step["question"],
    at: Number(step["at"]) || 0,
    removed,
    added,
    settled: ((step["settled"] ?? []) as unknown[]).map(String),
  };
}

function readPlaces(places: unknown): Place[] | null {
  if (!isArray(places)) return null;
  // Version 0.1.0 called the shape of a place its geometry.
  const found = (places as { label: string; shape?: number[]; geometry?: number[] }[]).map(({ geometry, shape = geometry, ...place }) => ({
    ...place,
    shape,
  }));
  return found.every(({ shape }) => isArray(shape)) ? (found as Place[]) : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !isArray(value);
}

const isArray = (value: unknown): value is unknown[] => Array.isArray(value);
