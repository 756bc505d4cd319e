// How other packages draw parts of the page: a function that is given an element, and knows nothing of Svelte.

import type { Component } from "svelte";
import Foreign from "./Foreign.svelte";

/** What stands in the element. Without `update`, it is drawn anew whenever something changes. */
export interface Drawn<P> {
  update?(given: P): void;
  destroy?(): void;
}

/** Draws into an element what it is given. */
export type Mount<P> = (host: HTMLElement, given: P) => Drawn<P> | undefined;

/** Make a component of such a function. */
export function component<P extends object>(mount: Mount<P>): Component<P> {
  const made: Component<P> = (place, properties) =>
    Foreign(place, {
      mount: mount as Mount<object>,
      get given() {
        return { ...properties };
      },
    });
  return made;
}
