// Items as the list and the page of one item show them, and frozen versions of the dataset.

import type * as Server from "./server";

export type { AnnotationRow, ItemDetail, ItemPage, ItemRow } from "./server";

/** A version whose requirements are read: the document leaves their shape open. */
export type Version = Omit<Server.Version, "requirements"> & {
  requirements: { requirement: string; holds: boolean | null; reason: string }[];
};
