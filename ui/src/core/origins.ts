// Where items and labels come from, in words for people.

/** The name of a way to reach a consensus, without the digest of the weights that it went by: "fused, weighted". */
export function methodName(method: string): string {
  return method.replace(/ [0-9a-f]{8,}$/, "").replaceAll("_", " ");
}

/** A source and a place in it; most places begin with their source. */
export function placeName(source: string, place: string): string {
  return place.startsWith(source) ? place : `${source} · ${place}`;
}
