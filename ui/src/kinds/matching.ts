// Which part of one answer is which part of another: one to one, as many pairs as can be, and of these the greatest sum of overlaps. It pairs what the
// server's `match_shapes` pairs, also where several pairings are equally good; `tests/quality/alike.json` holds both to it.

/** Pair rows with columns; `overlaps` are how well each row goes with each column, 0 to 1, and 0 where they cannot go together. */
export function assign(overlaps: readonly (readonly number[])[]): [row: number, column: number][] {
  // One pair more outweighs whatever the others lose by it.
  const many = Math.min(overlaps.length, overlaps[0]?.length ?? 0);
  return assigned(overlaps.map((row) => row.map((one) => (one > 0 ? one + many : 0))));
}

function assigned(values: readonly (readonly number[])[]): [row: number, column: number][] {
  const [rows, columns] = [values.length, values[0]?.length ?? 0];
  if (rows > columns) {
    const turned = Array.from({ length: columns }, (_, j) => values.map((row) => row[j]!));
    return assigned(turned).map(([j, i]) => [i, j]);
  }
  // Alone, a row takes its best column, the first of several.
  const found = rows === 1 ? [values[0]!.indexOf(Math.max(...values[0]!))] : shortestPaths(values, columns);
  return found.flatMap((j, i): [number, number][] => (values[i]![j]! > 0 ? [[i, j]] : []));
}

/** The column of each row, by shortest augmenting paths: D. F. Crouse, "On implementing 2D rectangular assignment algorithms", IEEE
 * Transactions on Aerospace and Electronic Systems 52 (2016). Steps come in the order in which SciPy takes them. */
function shortestPaths(values: readonly (readonly number[])[], columns: number): number[] {
  const rows = values.length;
  const [u, v] = [new Array<number>(rows).fill(0), new Array<number>(columns).fill(0)];
  const [columnOf, rowOf] = [new Array<number>(rows).fill(-1), new Array<number>(columns).fill(-1)];
  const path = new Array<number>(columns).fill(-1);
  for (let row = 0; row < rows; row++) {
    const cost = new Array<number>(columns).fill(Infinity);
    const [seenRows, seenColumns] = [new Set<number>(), new Set<number>()];
    const left = Array.from({ length: columns }, (_, j) => columns - j - 1);
    let [least, sink] = [0, -1];
    for (let i = row; sink < 0;) {
      seenRows.add(i);
      let [index, lowest] = [-1, Infinity];
      left.forEach((j, at) => {
        const here = least - values[i]![j]! - u[i]! - v[j]!;
        if (here < cost[j]!) {
          path[j] = i;
          cost[j] = here;
        }
        if (cost[j]! < lowest || (cost[j] === lowest && rowOf[j]! < 0)) {
          lowest = cost[j]!;
          index = at;
        }
      });
      least = lowest;
      const j = left[index]!;
      if (rowOf[j]! < 0) sink = j;
      else i = rowOf[j]!;
      seenColumns.add(j);
      const last = left.pop()!;
      if (index < left.length) left[index] = last;
    }
    u[row]! += least;
    for (const i of seenRows) if (i !== row) u[i]! += least - cost[columnOf[i]!]!;
    for (const j of seenColumns) v[j]! -= least - cost[j]!;
    for (let j = sink; ;) {
      const i = (rowOf[j] = path[j]!);
      [columnOf[i], j] = [j, columnOf[i]!];
      if (i === row) break;
    }
  }
  return columnOf;
}
