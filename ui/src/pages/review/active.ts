// Counts the seconds in which somebody really works: the tab is in view, and there was a sign of life within the last half minute.

const IDLE = 30_000;
const SIGNS = ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"] as const;

export class ActiveTime {
  #seconds = 0;
  #last = Date.now();
  readonly #sign = (): void => void (this.#last = Date.now());
  readonly #tick = setInterval(() => {
    if (!document.hidden && Date.now() - this.#last < IDLE) this.#seconds += 0.5;
  }, 500);

  constructor() {
    for (const sign of SIGNS) addEventListener(sign, this.#sign, { passive: true });
  }

  restart(): void {
    this.#seconds = 0;
    this.#last = Date.now();
  }

  get seconds(): number {
    return this.#seconds;
  }

  stop(): void {
    clearInterval(this.#tick);
    for (const sign of SIGNS) removeEventListener(sign, this.#sign);
  }
}
