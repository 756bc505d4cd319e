// Short messages: spoken to screen readers, shown for a moment, and whether the work is saved.

export type Saved = "saved" | "saving" | "unsaved";

export interface Toast {
  id: number;
  text: string;
  tone: "info" | "good" | "bad";
  action?: { label: string; run: () => void };
}

class Status {
  toasts = $state.raw<Toast[]>([]);
  /** Read out by screen readers, shown nowhere. */
  spoken = $state("");
  saved = $state<Saved | null>(null);
  /** Why the work is not saved, in words. */
  reason = $state("");
  #next = 1;

  say(text: string): void {
    // The same words twice are spoken twice only when they differ.
    this.spoken = this.spoken === text ? `${text}\u00a0` : text;
  }

  toast(text: string, options: { tone?: Toast["tone"]; seconds?: number; action?: Toast["action"] } = {}): number {
    const id = this.#next++;
    // The same words again replace themselves: nobody reads them twice.
    this.toasts = [
      ...this.toasts.filter((one) => one.text !== text).slice(-3),
      { id, text, tone: options.tone ?? "info", action: options.action },
    ];
    this.say(text);
    const seconds = options.seconds ?? (options.action ? 10 : 5);
    if (seconds) setTimeout(() => this.dismiss(id), seconds * 1000);
    return id;
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }
}

export const status = new Status();
