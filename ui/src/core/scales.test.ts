import { describe, expect, it } from "vitest";
import { ago, counted, percent, seconds } from "./numbers";
import { ceiling, filled, heat } from "./scales";

describe("ceiling", () => {
  it("is a round number that is large enough", () => {
    expect([1, 3, 17, 40, 99, 101, 0].map(ceiling)).toEqual([1, 4, 20, 40, 100, 200, 1]);
  });
});

describe("filled", () => {
  it("puts zeros where nothing happened, and shows the newest", () => {
    const found = filled(
      [
        { start: 0, answers: 1, reviews: 0 },
        { start: 50 * 3600, answers: 2, reviews: 1 },
      ],
      3600,
      24,
    );
    expect(found).toHaveLength(24);
    expect(found.at(-1)).toEqual({ start: 50 * 3600, answers: 2, reviews: 1 });
    expect(found[0]).toEqual({ start: 27 * 3600, answers: 0, reviews: 0 });
  });

  it("does not stretch one hour over the whole width", () => {
    expect(filled([{ start: 36000, answers: 1, reviews: 0 }], 3600, 48)).toHaveLength(12);
    expect(filled([], 3600, 48)).toEqual([]);
  });
});

describe("heat", () => {
  it("is 0 for nothing and 1 for the highest", () => {
    expect([heat(0, 5), heat(5, 5), heat(1, 4), heat(1, 0)]).toEqual([0, 1, 0.5, 0]);
  });
});

describe("numbers", () => {
  it("never rounds a share to a certainty", () => {
    expect([percent(0.99999), percent(0.00001), percent(1), percent(0), percent(null)]).toEqual(["99.9%", "0.1%", "100%", "0%", "–"]);
  });

  it("writes times of work and distances in time as people say them", () => {
    expect([seconds(4.21), seconds(65), seconds(120), seconds(7200), seconds(null)]).toEqual(["4.2 s", "1 min 5 s", "2 min", "2.0 h", "–"]);
    expect([ago(100, 110), ago(0, 3600), ago(2 * 86400, 0), ago(null)]).toEqual(["just now", "1 h ago", "in 2 days", "never"]);
  });

  it("counts one and many", () => {
    expect([counted(1, "item"), counted(1200, "item"), counted(2, "reply", "replies")]).toEqual(["1 item", "1,200 items", "2 replies"]);
  });
});
