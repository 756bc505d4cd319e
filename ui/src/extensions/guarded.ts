// What other packages say of answers and fields: where it throws, or says what is no value, only the server can tell.

import { CannotTell, NotKnown, Parts, type Value } from "../expressions";
import type { Kind } from "../kinds/kind";

type Terms = Kind["terms"];
type Says = (...given: never[]) => unknown;

/** The same functions by name, of which none does harm. */
export function guarded<F extends Says>(all: Readonly<Record<string, F>>): Record<string, (...given: Parameters<F>) => Value> {
  return Object.fromEntries(Object.entries(all).map(([name, one]) => [name, told(one)]));
}

/** The terms of a kind, or others where it has none or cannot say them. */
export function guardedTerms(own: Terms | undefined, others: Terms): Terms {
  if (!own) return others;
  return (question, modality) => {
    try {
      const { get, parts } = own(question, modality);
      return { get: told(get), parts: parts && guarded(parts) };
    } catch {
      return others(question, modality);
    }
  };
}

function told<F extends Says>(says: F): (...given: Parameters<F>) => Value {
  return (...given) => {
    let found: unknown;
    try {
      found = says(...given);
    } catch (error) {
      throw error instanceof CannotTell || error instanceof NotKnown ? error : new NotKnown(String(error));
    }
    if (!isValue(found)) throw new NotKnown("this is no value");
    return found;
  };
}

function isValue(found: unknown): found is Value {
  if (Array.isArray(found)) return found.every(isValue);
  return found === null || found instanceof Parts || ["boolean", "number", "string"].includes(typeof found);
}
