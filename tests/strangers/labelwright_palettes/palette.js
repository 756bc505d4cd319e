// Palettes on the page: their colors side by side.

function drawn(colors, small = false) {
  const row = document.createElement("div");
  row.className = "palette";
  // The page's policy lets nobody write styles as text, and everybody set them one by one.
  Object.assign(row.style, { display: "flex", flexWrap: "wrap", gap: small ? "2px" : "0.75rem", padding: small ? "0" : "1rem" });
  for (const color of colors) {
    const swatch = document.createElement("div");
    const side = small ? "1.25rem" : "7rem";
    Object.assign(swatch.style, { width: side, height: side, background: color, borderRadius: small ? "3px" : "8px" });
    swatch.setAttribute("role", "img");
    swatch.setAttribute("aria-label", color);
    row.append(swatch);
  }
  return row;
}

export default () => ({
  name: "palette",
  order: 50,
  words: { where: "In palettes" },
  keys: [[], []],
  closer: false,
  plays: false,
  wide: false,
  open: (host) => ({
    hold() {},
    async show(field) {
      host.replaceChildren(drawn(field.colors));
    },
    draw() {},
    key: () => false,
    destroy: () => host.replaceChildren(),
  }),
  prefetch() {},
  Shown: (host, { field }) => void host.append(drawn(field.colors)),
  Thumb: (host, { preview }) => void host.append(drawn(preview.colors, true)),
});
