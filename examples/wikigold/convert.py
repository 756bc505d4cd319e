"""Turn Wikigold's tokens and tags into sentences with marked places."""

import argparse
import json
from pathlib import Path

HERE = Path(__file__).parent
GOLD = 60  # about so many, and at most one in ten
CLOSE_UP = {".", ",", ";", ":", "?", "!", ")", "]", "'s", "%", "'"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("download", type=Path, help="the file wikigold.conll.txt, or the folder where it lies")
    parser.add_argument("--limit", type=int, help="take the first so many sentences")
    options = parser.parse_args()
    path = options.download if options.download.is_file() else options.download / "wikigold.conll.txt"
    if not path.is_file():
        parser.error(f"there is no wikigold.conll.txt at {options.download}")
    rows, truth = [], []
    for number, (document, tokens) in enumerate(sentences(path), 1):
        if options.limit and number > options.limit:
            break
        text, names = joined(tokens)
        key = f"wiki-{number:04d}"
        rows.append({"id": key, "document": f"doc-{document:03d}", "text": text})
        truth.append({"key": key, "names": names})
    (HERE / "data").mkdir(exist_ok=True)
    seen = {}
    for row in rows:
        seen.setdefault(row["text"], row["id"])
    first = [row for row in truth if row["key"] in set(seen.values())]
    gold = first[:: max(10, len(first) // GOLD)]
    chosen = {row["key"] for row in gold}
    write("data/sentences.jsonl", rows)
    write("truth.jsonl", truth)
    write("gold.jsonl", gold)
    write("reference.jsonl", [row for row in first if row["key"] not in chosen])
    print(f"{len(rows):,} sentences, {len(gold):,} of them gold")


def sentences(path):
    """Yield the number of each sentence's document, and its (token, tag) pairs."""
    document, tokens = 0, []
    for line in [*path.read_text("utf-8").splitlines(), ""]:
        token, _, tag = line.strip().rpartition(" ")
        if token == "-DOCSTART-":
            document += 1
        elif token:
            tokens.append((token, tag.rpartition("-")[2]))
        elif tokens:
            yield document, tokens
            tokens = []


def joined(tokens):
    """Return the text, and the places of names: neighbours with the same tag are one name."""
    text, names, before = "", [], "O"
    for token, tag in tokens:
        gap = "" if not text or token in CLOSE_UP or text.endswith(("(", "[")) else " "
        start = len(text) + len(gap)
        text += gap + token
        if tag != "O" and tag == before:
            names[-1]["end"] = len(text)
        elif tag != "O":
            names.append({"start": start, "end": len(text), "label": tag})
        before = tag
    return text, names


def write(name, rows):
    (HERE / name).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


if __name__ == "__main__":
    main()
