// The order in which an item's fields are shown.

import type { Field, Schema } from "./types";

/** The fields of an item in the order of the file; those that the file no longer names come last. */
export function fieldsOf({ data }: Pick<Schema, "data">, fields: Readonly<Record<string, Field>>): [name: string, field: Field][] {
  return [...new Set([...Object.keys(data), ...Object.keys(fields)])].flatMap((name) => (fields[name] ? [[name, fields[name]]] : []));
}
