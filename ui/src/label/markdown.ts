// Reads the little Markdown that guidelines need: headings, paragraphs, lists, tables, bold, italic and code.

export interface Part {
  type: "text" | "bold" | "italic" | "code";
  text: string;
}

export interface Block {
  type: "heading" | "paragraph" | "list" | "table";
  lines: Part[][];
  rows: Part[][][];
}

export function inline(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const found of text.matchAll(/`([^`]+)`|\*\*([^*]+)\*\*|(?<![\w*])[*_]([^*_]+)[*_](?![\w*])/g)) {
    if (found.index > from) parts.push({ type: "text", text: text.slice(from, found.index) });
    if (found[1] !== undefined) parts.push({ type: "code", text: found[1] });
    else if (found[2] !== undefined) parts.push({ type: "bold", text: found[2] });
    else parts.push({ type: "italic", text: found[3]! });
    from = found.index + found[0].length;
  }
  if (from < text.length) parts.push({ type: "text", text: text.slice(from) });
  return parts;
}

export function blocks(text: string): Block[] {
  const found: Block[] = [];
  let open: Block | null = null;
  const begin = (type: Block["type"]): Block => {
    const block: Block = { type, lines: [], rows: [] };
    found.push(block);
    return block;
  };
  for (const line of text.split(/\r?\n/)) {
    const heading = /^#{1,6}\s+(.*)/.exec(line);
    const item = /^\s*(?:[-*]|\d+\.)\s+(.*)/.exec(line);
    const row = /^\s*\|(.*)\|\s*$/.exec(line);
    if (!line.trim()) open = null;
    else if (heading) {
      begin("heading").lines.push(inline(heading[1]!));
      open = null;
    } else if (item) {
      if (open?.type !== "list") open = begin("list");
      open.lines.push(inline(item[1]!));
    } else if (row) {
      if (open?.type !== "table") open = begin("table");
      if (!/^[\s|:-]+$/.test(row[1]!)) open.rows.push(row[1]!.split("|").map((cell) => inline(cell.trim())));
    } else if (open?.type === "list" && /^\s/.test(line)) {
      open.lines.at(-1)!.push(...inline(` ${line.trim()}`));
    } else {
      if (open?.type !== "paragraph") open = begin("paragraph");
      open.lines.push(inline(line));
    }
  }
  return found;
}
