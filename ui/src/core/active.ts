// Counts the seconds in which somebody really works: the tab is in view, and there was a sign of life within the last half minute.

import { presence } from "./presence";

const IDLE = 30;

export class ActiveTime {
  #seconds = 0;
  readonly #tick = setInterval(() => {
    if (!document.hidden && presence.idle < IDLE) this.#seconds += 0.5;
  }, 500);

  restart(): void {
    this.#seconds = 0;
  }

  get seconds(): number {
    return this.#seconds;
  }

  stop(): void {
    clearInterval(this.#tick);
  }
}
