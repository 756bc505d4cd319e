// Whether somebody is at work on the page: there was a sign of life lately, or something plays.

const SIGNS = ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"] as const;

class Presence {
  #last = Date.now();
  readonly #returns = new Map<() => void, number>();

  constructor() {
    for (const sign of SIGNS) globalThis.addEventListener?.(sign, this.#sign, { passive: true, capture: true });
  }

  /** The seconds since the last sign of life; none while something plays. */
  get idle(): number {
    if (typeof document !== "undefined" && [...document.querySelectorAll("audio")].some((player) => !player.paused))
      this.#last = Date.now();
    return (Date.now() - this.#last) / 1000;
  }

  /** Call back when somebody comes back after so many seconds without a sign of life, until the returned function is called. */
  onReturn(seconds: number, back: () => void): () => void {
    this.#returns.set(back, seconds);
    return () => this.#returns.delete(back);
  }

  readonly #sign = (): void => {
    const idle = this.idle;
    this.#last = Date.now();
    for (const [back, seconds] of this.#returns) if (idle >= seconds) back();
  };
}

export const presence = new Presence();
