// How numbers and times are written on the pages: short, alike everywhere, never NaN.

import type { Figure } from "./server";

const plain = new Intl.NumberFormat("en");
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const nothing = "–";

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? nothing : plain.format(value);
}

/** "1 item", "2 items"; `many` where the plural is irregular. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${plain.format(value)} ${value === 1 ? one : many}`;
}

/** A share as a percentage with one decimal place; 100% and 0% only where they are exact. */
export function percent(share: number | null | undefined, digits = 1): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return nothing;
  if (share === 0 || share === 1) return `${share * 100}%`;
  const nearest = 10 ** -digits;
  const bounded = share > 0 && share < 1 ? Math.min(100 - nearest, Math.max(nearest, share * 100)) : share * 100;
  return `${bounded.toFixed(digits)}%`;
}

/** A coefficient such as alpha. */
export function coefficient(value: number | null | undefined): string {
  return value === null || value === undefined ? nothing : value.toFixed(2);
}

/** Seconds of work: "4.2 s", "1 min 5 s", "3.4 h". */
export function seconds(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return nothing;
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 60) return `${whole.format(value)} s`;
  if (value < 3600) {
    const rest = Math.round(value % 60);
    return rest ? `${Math.floor(value / 60)} min ${rest} s` : `${Math.floor(value / 60)} min`;
  }
  return hours(value / 3600);
}

export function hours(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return nothing;
  if (value < 1) return `${whole.format(value * 60)} min`;
  return value < 100 ? `${value.toFixed(1)} h` : `${whole.format(value)} h`;
}

/** A place in a recording: "1:02.5". */
export function clock(value: number): string {
  const minutes = Math.floor(value / 60);
  return `${minutes}:${(value - 60 * minutes).toFixed(1).padStart(4, "0")}`;
}

const dateTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const dayMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayMonthUtc = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const hourMinute = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** A moment in full; times are seconds since 1970. */
export function moment(at: number | null | undefined): string {
  return at === null || at === undefined ? nothing : dateTime.format(at * 1000);
}

const dateTimeSecond = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** A moment to the second, for what changes while one looks at it. */
export function toTheSecond(at: number): string {
  return dateTimeSecond.format(at * 1000);
}

/** From one moment to another, the day only once where it is the same. */
export function span(start: number, end: number): string {
  return dateTimeSecond.formatRange(start * 1000, end * 1000);
}

export function day(at: number): string {
  return dayMonth.format(at * 1000);
}

/** The day that begins at midnight UTC, as the server counts days. */
export function utcDay(at: number): string {
  return dayMonthUtc.format(at * 1000);
}

export function hour(at: number): string {
  return hourMinute.format(at * 1000);
}

/** How long ago, or how soon: "just now", "3 min ago", "in 2 days". */
export function ago(at: number | null | undefined, now = Date.now() / 1000): string {
  if (at === null || at === undefined) return "never";
  const passed = now - at;
  const distance = Math.abs(passed);
  if (distance < 45) return passed >= 0 ? "just now" : "in a moment";
  const text =
    distance < 3600
      ? `${Math.max(1, Math.round(distance / 60))} min`
      : distance < 36 * 3600
        ? `${Math.max(1, Math.round(distance / 3600))} h`
        : counted(Math.round(distance / 86400), "day");
  return passed >= 0 ? `${text} ago` : `in ${text}`;
}

/** The interval of a figure in words, by the same way of writing as its value. */
export function interval(figure: Figure, write: (value: number) => string): string {
  if (figure.low === null || figure.high === null) return "";
  return `${write(figure.low)} to ${write(figure.high)}`;
}
