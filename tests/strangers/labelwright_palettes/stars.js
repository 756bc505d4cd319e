// Stars on the page: a row of buttons, of which those up to the answer are filled.

const written = (stars, most) => "★".repeat(stars) + "☆".repeat(Math.max(0, most - stars));

/** How alike two ratings are, as the server counts. */
const alike = (a, b, most) => 1 - Math.abs(a.stars - b.stars) / Math.max(most - 1, 1);

export default ({ compareWhole }) => {
  const parts = ({ stars }) => [{ id: "1", label: String(stars), shape: [] }];
  return {
    name: "stars",
    words: { one: "rating", many: "ratings", made: "given" },
    keys: [],
    empty: () => null,
    parts,
    withParts: ([part]) => (part ? { kind: "stars", stars: Number(part.label) } : null),
    describe: () => "",
    similarity: (a, b) => Number(a.label === b.label),
    within: () => 0,
    differences: (answers, { same, most = 5 }) =>
      compareWhole(
        answers,
        ({ stars }) => String(stars),
        (a, b) => alike(a, b, most) >= (same ?? 1) - 1e-12,
      ),
    Form(host, { question, answer, proposed, give }) {
      const group = document.createElement("div");
      group.className = "stars";
      for (let stars = 1; stars <= (question.most ?? 5); stars++) {
        const button = document.createElement("button");
        button.textContent = stars <= (answer?.stars ?? 0) ? "★" : "☆";
        button.setAttribute("aria-label", `${stars} of ${question.most ?? 5} stars`);
        button.setAttribute("aria-pressed", String(answer?.stars === stars));
        if (proposed?.stars === stars) button.style.outline = "2px dashed currentColor";
        button.addEventListener("click", () => give({ kind: "stars", stars }));
        group.append(button);
      }
      host.append(group);
    },
    View: (host, { answer, question }) => void host.append(written(answer.stars, question?.most ?? 5)),
  };
};
