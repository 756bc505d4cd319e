// What installed packages add to the page: kinds of answers and viewers, each a module of its own that the server names in the page's head.

import { blobAddress } from "../core/api";
import { colorOf, optionsOf, titleOf } from "../core/labels";
import { status } from "../core/status.svelte";
import { guarded, guardedTerms } from "./guarded";
import { addKind } from "../kinds";
import { compare, compareWhole } from "../kinds/compare";
import type { Answering, Kind, Viewing } from "../kinds/kind";
import Marks from "../kinds/Marks.svelte";
import { marks } from "../kinds/marks";
import { rectangle } from "../kinds/shapes/box";
import { stretch } from "../kinds/shapes/interval";
import { whole } from "../kinds/shapes/shape";
import { unknownKind } from "../kinds/unknown";
import { addViewer } from "../viewers";
import { clamp, following, type Showing, type Small, type ViewerKind } from "../viewers/viewer";
import { component, type Mount } from "./foreign";

/** What such a module is handed; it exports a function of this by default. */
export const PAGE = {
  blobAddress,
  clamp,
  colorOf,
  compare,
  compareWhole,
  following,
  marks: drawnMarks,
  optionsOf,
  rectangle,
  stretch,
  titleOf,
  whole,
};

/** A kind whose answers are marks of one shape, as `kinds/marks.ts` makes ours. */
function drawnMarks(...own: Parameters<typeof marks>): ForeignKind {
  const { View: _view, Form: _form, ...rest } = marks(...own);
  return rest;
}

/**
 * A kind as a module makes it: as ours, but that its parts draw into an element. Where it has no terms, or they throw, the server decides
 * conditions; without a `View` its parts are outlined on their item by its tool.
 */
export type ForeignKind = Omit<Kind, "Form" | "View" | "terms"> &
  Partial<Pick<Kind, "terms">> & { Form?: Mount<Answering>; View?: Mount<Viewing> };

/** A viewer likewise. */
export type ForeignViewer = Omit<ViewerKind, "Shown" | "Thumb" | "terms"> &
  Partial<Pick<ViewerKind, "terms">> & { Shown: Mount<Showing>; Thumb: Mount<Small> };

interface Extension {
  group: "kinds" | "modalities";
  name: string;
  address: string;
}

const ADD = {
  kinds(made: ForeignKind): void {
    const { Form, View, ...rest } = made;
    const terms = guardedTerms(made.terms, unknownKind(made.name).terms);
    addKind({ ...rest, terms, ...(Form && { Form: component(Form) }), View: View ? component(View) : Marks });
  },
  modalities(made: ForeignViewer): void {
    const terms = made.terms ? guarded(made.terms) : null;
    addViewer({ ...made, terms, Shown: component(made.Shown), Thumb: component(made.Thumb) });
  },
};

/** A module that takes longer is done without. */
const MOST_SECONDS = 10;

/** Load what the server names. A module that cannot be loaded is told of, and the page starts without it. */
export async function extend(): Promise<void> {
  const named = document.querySelector<HTMLMetaElement>('meta[name="labelwright-extensions"]')?.content ?? "[]";
  await Promise.all((JSON.parse(named) as Extension[]).map(add));
}

function late(): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error("it takes too long to load")), MOST_SECONDS * 1000));
}

async function add({ group, name, address }: Extension): Promise<void> {
  try {
    const loaded = import(/* @vite-ignore */ new URL(address, document.baseURI).href) as Promise<{
      default: (page: typeof PAGE) => { name: string };
    }>;
    const { default: make } = await Promise.race([loaded, late()]);
    const made = make(PAGE);
    if (made.name !== name) throw new Error(`it calls itself '${made.name}'`);
    ADD[group](made as never);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    status.toast(`The page's module of '${name}' does not work: ${why}`, { tone: "bad", seconds: 0 });
  }
}
