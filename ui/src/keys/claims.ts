// The keys that viewers, and kinds of answers drawn in them, claim for themselves.

import { KINDS } from "../kinds";
import { VIEWERS } from "../viewers";
import type { ViewerKind } from "../viewers/viewer";
import type { Claim } from "./actions";

/** What is claimed where this viewer is shown, in the order of the help. */
export function claimsOf(viewer: ViewerKind): Claim[] {
  const [before, behind] = viewer.keys;
  return [...before, ...KINDS.filter(({ tool }) => tool?.viewer === viewer.name).flatMap(({ keys }) => keys), ...behind];
}

/** The same as rows of a help. */
export function claimRows(viewer: ViewerKind): [keys: string, title: string][] {
  return claimsOf(viewer).map(({ shown, title }) => [shown, title]);
}

/** Everything that is claimed anywhere, in small letters. */
export const CLAIMED: ReadonlySet<string> = new Set(
  VIEWERS.flatMap((viewer) => claimsOf(viewer).flatMap(({ keys }) => keys.map((key) => key.toLowerCase()))),
);
