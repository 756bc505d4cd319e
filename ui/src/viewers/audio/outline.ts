// The outline of a recording as an SVG path over the unit width, 0 to 2 in height; each is fetched and drawn once.

interface Peaks {
  scale: number;
  min: number[];
  max: number[];
}

export function draw({ scale, min, max }: Peaks): string {
  if (!max.length) return "";
  const step = 1 / max.length;
  const above = max.map((value, i) => `${(i * step).toFixed(5)} ${(1 - value / scale).toFixed(3)}`);
  const below = min.map((value, i) => `${(i * step).toFixed(5)} ${(1.02 - value / scale).toFixed(3)}`).reverse();
  return `M${above.join("L")}L${below.join("L")}Z`;
}

const known = new Map<string, Promise<string>>();

export function outline(path: string): Promise<string> {
  let found = known.get(path);
  if (!found) {
    if (known.size > 200) known.clear();
    found = fetch(path).then(async (response) => {
      if (!response.ok) throw new Error(`${response.status}`);
      return draw((await response.json()) as Peaks);
    });
    found.catch(() => known.delete(path));
    known.set(path, found);
  }
  return found;
}
