import { describe, expect, it } from "vitest";
import type { Answer, Question } from "../core/types";
import { claimsOf } from "../keys/claims";
import { viewerOf } from "../viewers";
import { kindOf, kinds, partsOf } from "./index";
import { schema, vectors } from "./vectors";

const questionOf = (kind: string): Question => Object.values(schema.questions).find((one) => one.kind === kind)!;

/** Two labels that answers of a kind have. */
function labelsOf(kind: string): [string, string] {
  const answers = vectors.flatMap(({ answers }) => answers).filter((answer) => answer?.kind === kind);
  const labels = [...new Set(answers.flatMap((answer) => partsOf(answer).map(({ label }) => label)))];
  return [labels[0]!, labels[1]!];
}

const place = (label: string, at = 0) => ({ label, shape: [at, at + 5, 9, 7] });

describe.each(kinds().map((kind) => [kind.name, kind] as const))("%s", (name, kind) => {
  const [a, b] = labelsOf(name);
  const one = kind.withParts([place(a)])!;

  it("is found by its question and by its answers", () => {
    expect(kindOf(questionOf(name))).toBe(kind);
    expect(kindOf(one)).toBe(kind);
  });

  it("is answered by a tool in a viewer, or by a form beside the item", () => {
    expect([kind.tool, kind.Form].filter(Boolean)).toHaveLength(1);
    if (kind.tool) expect(claimsOf(viewerOf({ modality: kind.tool.viewer }))).toEqual(expect.arrayContaining([...kind.keys]));
    else expect(kind.keys).toEqual([]);
  });

  it("takes its answers apart and puts them together again", () => {
    const many = kind.withParts([place(a), place(b, 20)])!;
    for (const answer of [one, many]) expect(kind.withParts(partsOf(answer))).toEqual(answer);
    const ids = partsOf(many).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    if (kind.tool) expect(ids).toEqual(ids.map((_, i) => String(i + 1)));
    expect(kind.withParts([])).toEqual(kind.empty(questionOf(name)));
  });

  it("keeps the ids of its parts whatever becomes of others", () => {
    const many = kind.withParts([place(a), place(b, 20)])!;
    if (!kind.tool) return;
    const [first, second] = partsOf(many);
    expect(partsOf(kind.withParts([second!])!)[0]!.id).toBe("2");
    expect(partsOf(kind.withParts([second!, { ...first!, id: "2" }])!).map(({ id }) => id)).toEqual(["2", "3"]);
    expect(JSON.stringify(many)).not.toContain('"id"');
  });

  it("finds copies alike, and another label not", () => {
    const [part] = partsOf(one);
    expect(kind.similarity(part!, part!)).toBe(1);
    expect(kind.differences([one, structuredClone(one) as Answer], questionOf(name))).toEqual([]);
    expect(kind.differences([one, kind.withParts([place(b)])!], questionOf(name))).toMatchObject([
      { reason: "label", labels: [a, b], members: [0, 0] },
    ]);
    expect(kind.differences([one, undefined], questionOf(name))).toMatchObject([{ reason: "missing", members: [0, null] }]);
  });
});

it("claims no key twice where one tool is in use", () => {
  for (const { tool, keys } of kinds()) {
    if (!tool) continue;
    const all = [...viewerOf({ modality: tool.viewer }).keys.flat(), ...keys].flatMap((claim) => claim.keys);
    expect(new Set(all).size).toBe(all.length);
  }
});
