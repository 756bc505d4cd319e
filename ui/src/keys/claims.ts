// The keys that viewers, and kinds of answers drawn in them, claim for themselves.

import { kinds } from "../kinds";
import { viewers } from "../viewers";
import type { ViewerKind } from "../viewers/viewer";
import type { Claim } from "./actions";

/** What is claimed where this viewer is shown, in the order of the help. */
export function claimsOf(viewer: ViewerKind): Claim[] {
  const [before, behind] = viewer.keys;
  return [
    ...before,
    ...kinds()
      .filter(({ tool }) => tool?.viewer === viewer.name)
      .flatMap(({ keys }) => keys),
    ...behind,
  ];
}

/** The same as rows of a help. */
export function claimRows(viewer: ViewerKind): [keys: string, title: string][] {
  return claimsOf(viewer).map(({ shown, title }) => [shown, title]);
}

/** Whether a key is claimed anywhere. */
export function isClaimed(key: string): boolean {
  const claims = viewers().flatMap((viewer) => claimsOf(viewer).flatMap(({ keys }) => keys));
  return claims.some((one) => one.toLowerCase() === key.toLowerCase());
}
