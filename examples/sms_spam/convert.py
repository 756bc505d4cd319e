"""Turn the SMS Spam Collection into rows for the pipeline, with the labels beside them."""

import argparse
import json
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
GOLD = 80  # about so many, and at most one in ten


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("download", type=Path, help="the file SMSSpamCollection, or sms.tsv, or the folder where it lies")
    parser.add_argument("--limit", type=int, help="take the first so many messages")
    options = parser.parse_args()
    places = [options.download, options.download / "SMSSpamCollection", options.download / "sms.tsv"]
    path = next((place for place in places if place.is_file()), None) or parser.error(
        f"there is no SMSSpamCollection at {options.download}"
    )
    lines = path.read_text("utf-8").splitlines()[: options.limit]
    messages = [(f"sms-{number:04d}", *line.split("\t", 1)) for number, line in enumerate(lines, 1) if "\t" in line]
    (HERE / "data").mkdir(exist_ok=True)
    write("data/messages.jsonl", [{"id": key, "text": text} for key, _, text in messages])
    truth = [{"key": key, "kind": label} for key, label, _ in messages]
    # Of every message that came twice, only the first is asked about: gold is taken from what came once.
    times = Counter(text for _, _, text in messages)
    once = {key for key, _, text in messages if times[text] == 1}
    gold = [row for row in truth if row["key"] in once][:: max(10, len(truth) // GOLD)]
    chosen = {row["key"] for row in gold}
    write("truth.jsonl", truth)
    write("gold.jsonl", gold)
    write("reference.jsonl", [row for row in truth if row["key"] not in chosen])
    print(f"{len(messages):,} messages, {len(gold):,} of them gold")


def write(name, rows):
    (HERE / name).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


if __name__ == "__main__":
    main()
