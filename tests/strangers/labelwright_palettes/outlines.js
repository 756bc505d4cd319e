// Outlines on the page: a polygon is drawn corner by corner, and closed at its first corner.

/** In pixels of the screen: how near the pointer takes hold of a corner. */
const NEAR = 10;

const pairs = (points) => Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i], points[2 * i + 1]]);

function bounds(points) {
  const [across, down] = [0, 1].map((of) => points.filter((_, i) => i % 2 === of));
  const [x, y] = [Math.min(...across), Math.min(...down)];
  return [x, y, Math.max(...across) - x, Math.max(...down) - y];
}

/** Whether a place lies in a polygon: a line from it to the right crosses its edges an odd number of times. */
function holds(points, [x, y]) {
  const corners = pairs(points);
  return corners.reduce((inside, [ax, ay], i) => {
    const [bx, by] = corners[(i + 1) % corners.length];
    return ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax) ? !inside : inside;
  }, false);
}

/** What two polygons share of what both cover, counted at the points of a grid: near enough to be looked at. */
function overlap(a, b) {
  const [x, y, wide, high] = bounds([...a, ...b]);
  let [shared, union] = [0, 0];
  for (let i = 0.5; i < 64; i++) {
    for (let j = 0.5; j < 64; j++) {
      const at = [x + (wide * i) / 64, y + (high * j) / 64];
      const [first, second] = [holds(a, at), holds(b, at)];
      shared += first && second;
      union += first || second;
    }
  }
  return union ? shared / union : Number(String(a) === String(b));
}

const path = (points, closed = true) =>
  pairs(points)
    .map(([x, y], i) => `${i ? "L" : "M"}${x} ${y}`)
    .join("") + (closed ? "Z" : "");

function hand(surface, edits, { clamp, following }) {
  let drawn = []; // the corners of what is being drawn
  let pointer = null;
  let held = null; // { index, corner, shape }: a corner of the selected outline that is being moved

  const near = ([x, y], [a, b]) => Math.hypot(x - a, y - b) <= NEAR / surface.scale;
  const inside = ([x, y]) => [clamp(x, 0, surface.size[0]), clamp(y, 0, surface.size[1])].map((value) => Math.round(value * 10) / 10);
  const selected = () => surface.view.marks[surface.view.selected ?? -1];
  const moved = (shape, [dx, dy]) => pairs(shape).flatMap(([x, y]) => inside([x + dx, y + dy]));

  function close() {
    if (drawn.length >= 6) edits.add(drawn);
    drawn = [];
  }

  function stroke(context, { color, shape, dashed = false, width = 2, closed = true }) {
    context.setLineDash(dashed ? [6 / surface.scale, 4 / surface.scale] : []);
    for (const [style, more] of [
      ["rgb(255 255 255 / 0.8)", 2],
      [color, 0],
    ]) {
      context.strokeStyle = style;
      context.lineWidth = (width + more) / surface.scale;
      context.stroke(new Path2D(path(shape, closed)));
    }
  }

  return {
    key(event) {
      const arrow = {
        ArrowLeft: [-1, 0],
        ArrowRight: [1, 0],
        ArrowUp: [0, -1],
        ArrowDown: [0, 1],
      }[event.key];
      const by = arrow?.map((step) => step * (event.shiftKey ? 10 : 1));
      if (by && selected()) return (edits.change(surface.view.selected, moved(selected().shape, by)), true);
      if (event.key !== "n" && event.key !== "N") return false;
      const [[x, y], side] = [surface.middle, Math.min(...surface.size) / 6];
      edits.add([x - side, y + side, x + side, y + side, x, y - side].flatMap((_, i, all) => (i % 2 ? [] : inside(all.slice(i, i + 2)))));
      return true;
    },
    press(at) {
      const corners = selected() && !drawn.length ? pairs(selected().shape) : [];
      const corner = corners.findIndex((one) => near(at, one));
      held =
        corner < 0
          ? null
          : {
              index: surface.view.selected,
              corner,
              shape: [...selected().shape],
            };
    },
    move(at) {
      pointer = inside(at);
      if (held) held.shape.splice(2 * held.corner, 2, ...pointer);
      surface.repaint();
    },
    release(at) {
      const under = surface.view.marks.map((_, i) => i).filter((i) => holds(surface.view.marks[i].shape, at));
      if (held) edits.change(held.index, held.shape);
      else if (drawn.length && near(at, drawn.slice(0, 2))) close();
      else if (!drawn.length && under.length) edits.select(following(under, surface.view.selected));
      else drawn = [...drawn, ...inside(at)];
      held = null;
      surface.repaint();
    },
    cancel() {
      const drawing = drawn.length > 0 || held !== null;
      [drawn, held] = [[], null];
      surface.repaint();
      return drawing;
    },
    below(context) {
      surface.view.marks.forEach(({ shape, color, suggested, next }, i) => {
        if (i !== surface.view.selected)
          stroke(context, {
            shape,
            color,
            dashed: suggested,
            width: next ? 4 : 2,
          });
      });
    },
    above(context) {
      if (drawn.length)
        stroke(context, {
          shape: [...drawn, ...(pointer ?? [])],
          color: surface.view.color,
          closed: false,
        });
      if (!selected()) return;
      const shape = held?.shape ?? selected().shape;
      stroke(context, { shape, color: selected().color, width: 3 });
      context.fillStyle = "#fff";
      const side = 8 / surface.scale;
      for (const [x, y] of pairs(shape)) context.fillRect(x - side / 2, y - side / 2, side, side);
    },
  };
}

export default (page) =>
  page.marks({
    name: "outlines",
    words: { one: "outline", many: "outlines", made: "drawn" },
    keys: [
      {
        shown: "N",
        keys: ["N"],
        title: "Draw a triangle in the middle, to be moved by the arrows",
      },
      {
        shown: "Arrows",
        keys: [
          "ArrowLeft",
          "ArrowRight",
          "ArrowUp",
          "ArrowDown",
          "Shift+ArrowLeft",
          "Shift+ArrowRight",
          "Shift+ArrowUp",
          "Shift+ArrowDown",
        ],
        title: "Move the selected outline (Shift: by ten pixels)",
      },
    ],
    shape: {
      overlap,
      values: { corners: (points) => points.length / 2 },
      bounds,
      extent: page.rectangle,
    },
    tool: {
      viewer: "image",
      hand: (surface, edits) => hand(surface, edits, page),
      outline: (points) => path(points),
      bounds,
    },
    list: "outlines",
    placed: ({ points }) => [...points],
    marked: (points) => ({ points }),
    describe: ({ shape }) => `${shape.length / 2} corners`,
  });
