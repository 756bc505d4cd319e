// Tries again by itself what failed because nobody answered: sooner at first, then more rarely, and at once when the network is back.

import { ApiError } from "./api";

const MOST = 15;

export class Again {
  readonly #run: () => unknown;
  #wait = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(run: () => unknown) {
    this.#run = run;
  }

  /** Try again later, where that can help, and tell whether it is going to be. */
  failed(error: unknown): boolean {
    this.pause();
    if (!(error instanceof ApiError) || !error.passing) return false;
    this.#timer = setTimeout(this.#now, this.#wait * 1000);
    this.#wait = Math.min(this.#wait * 2, MOST);
    globalThis.addEventListener?.("online", this.#now);
    return true;
  }

  /** It worked, or is no longer wanted. */
  stop(): void {
    this.pause();
    this.#wait = 1;
  }

  readonly #now = (): void => {
    this.pause();
    this.#run();
  };

  /** Do not try again before the next failure. */
  pause(): void {
    clearTimeout(this.#timer);
    globalThis.removeEventListener?.("online", this.#now);
  }
}
