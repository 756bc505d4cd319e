// Which questions are asked about an item, by the answers so far: the twin of the server's `Schema.asked`, which has the last word.

import type { Field, Modality, Question, Schema, Values } from "../core/types";
import { CannotTell, compile, holds, NotKnown, Steps, type Names, type Subject, type Value } from "../expressions";
import { kindOf } from "../kinds";
import { viewerOf } from "../viewers";

export interface Asked {
  /** The questions that are asked, in their order. */
  names: string[];
  /** Those of them that may not be asked: only the server can tell. */
  unsure: ReadonlySet<string>;
}

type Condition = (subject: Subject, steps: Steps) => Value;

const compiled = new WeakMap<Schema, Map<string, Condition>>();

/** The compiled conditions of a schema, by question; they are compiled once. */
function conditions(schema: Schema): Map<string, Condition> {
  const known = compiled.get(schema);
  if (known) return known;
  const questions: [string, Question][] = Object.entries(schema.questions);
  const found = new Map<string, Condition>();
  if (questions.some(([, { when }]) => when !== undefined)) {
    const modalities = schema.data as Record<string, Modality>;
    const names: Names = {
      answers: Object.fromEntries(questions.map(([name, one]) => [name, kindOf(one).terms(one, modalities[one.of]!)])),
      fields: Object.fromEntries(Object.entries(modalities).map(([name, modality]) => [name, viewerOf({ modality }).terms])),
    };
    for (const [name, { when }] of questions) if (when !== undefined) found.set(name, condition(when, names));
  }
  compiled.set(schema, found);
  return found;
}

function condition(when: string, names: Names): Condition {
  try {
    return compile(when, names);
  } catch (error) {
    if (!(error instanceof NotKnown)) throw error;
    return () => {
      throw error;
    };
  }
}

/** Whether a condition holds: what cannot be told asks, as on the server, and null where only the server can tell. */
function told(condition: Condition, subject: Subject, steps: Steps): boolean | null {
  try {
    return holds(condition(subject, steps));
  } catch (error) {
    if (error instanceof CannotTell) return true;
    if (error instanceof NotKnown) return null;
    throw error;
  }
}

export function asked(
  schema: Schema,
  values: Values,
  item: { key: string; data: Record<string, Field>; meta: Record<string, unknown> },
): Asked {
  const own = conditions(schema);
  const every = Object.keys(schema.questions);
  if (!own.size) return { names: every, unsure: new Set() };
  const known: Values = {};
  const unsure = new Set<string>();
  const subject: Subject = { answers: known, fields: item.data, meta: item.meta, key: item.key };
  const steps = new Steps();
  const names = every.filter((name) => {
    const one = own.get(name);
    const holding = one ? told(one, subject, steps) : true;
    if (holding === null) unsure.add(name);
    if (holding !== false && values[name]) known[name] = values[name];
    return holding !== false;
  });
  return { names, unsure };
}
