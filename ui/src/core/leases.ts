// Keeps the leases of what somebody has in hand alive as long as that person is at work, and lets them end after that.

import { presence } from "./presence";

/** After so many seconds without a sign of life nobody is thought to be at work. */
const PATIENCE = 5 * 60;

export class Leases {
  readonly #beat: () => void;
  readonly #ended: () => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  #unlisten = (): void => undefined;
  #lasting = 0;
  /** When the leases were last known to be alive, and whether their end was told since. */
  #alive = 0;
  #told = false;

  /** `beat` prolongs the leases, also when somebody comes back; `ended` is told when they have run out while nobody was there. */
  constructor(beat: () => void, ended: () => void = () => undefined) {
    this.#beat = beat;
    this.#ended = ended;
  }

  /** The leases last so many seconds from now on. */
  keep(lasting: number): void {
    this.#alive = Date.now();
    this.#told = false;
    if (lasting === this.#lasting && this.#timer !== undefined) return;
    this.stop();
    this.#lasting = lasting;
    const patience = Math.min(PATIENCE, lasting);
    this.#timer = setInterval(
      () => {
        if (presence.idle < patience) this.#prolong();
        else if (!this.#told && Date.now() - this.#alive > lasting * 1000) {
          this.#told = true;
          this.#ended();
        }
      },
      (lasting * 1000) / 3,
    );
    this.#unlisten = presence.onReturn(patience, () => this.#prolong());
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#unlisten();
  }

  #prolong(): void {
    this.#alive = Date.now();
    this.#told = false;
    this.#beat();
  }
}
