// Something that is read from the server, and read again every few seconds while somebody looks at it.

import { Again } from "./again";
import { problemOf, triedAgain, type Problem } from "./problem";

export interface Live<T> {
  readonly value: T | null;
  readonly problem: Problem | null;
  /** When the value was read, in milliseconds. */
  readonly at: number;
  refresh(): Promise<void>;
}

/**
 * Read now, and again every `seconds` (0: not by itself) as long as the component lives and its tab is in view.
 *
 * `read` runs inside an effect: when something it depends on changes before its first await, it reads anew from nothing. A failed
 * refresh keeps the value that is there and says what went wrong beside it; where nobody answered, it is tried again by itself.
 */
export function live<T>(read: () => Promise<T>, seconds = 0): Live<T> {
  let value = $state.raw<T | null>(null);
  let problem = $state.raw<Problem | null>(null);
  let at = $state(0);
  let turn = 0;
  const again = new Again(() => void refresh());

  async function refresh(): Promise<void> {
    const mine = ++turn;
    await settle(read(), mine);
  }

  async function settle(reading: Promise<T>, mine: number): Promise<void> {
    try {
      const found = await reading;
      if (mine !== turn) return;
      value = found;
      at = Date.now();
      problem = null;
      again.stop();
    } catch (error) {
      if (mine === turn) problem = again.failed(error) ? triedAgain(error) : problemOf(error);
    }
  }

  function leave(): void {
    turn++;
    again.stop();
  }

  $effect(() => {
    const mine = ++turn;
    const reading = read();
    value = null;
    problem = null;
    void settle(reading, mine);
    if (!seconds) return leave;
    const timer = setInterval(() => {
      if (!document.hidden) void refresh();
    }, seconds * 1000);
    const returned = (): void => {
      if (!document.hidden) void refresh();
    };
    document.addEventListener("visibilitychange", returned);
    return () => {
      leave();
      clearInterval(timer);
      document.removeEventListener("visibilitychange", returned);
    };
  });

  return {
    get value() {
      return value;
    },
    get problem() {
      return problem;
    },
    get at() {
      return at;
    },
    refresh,
  };
}
