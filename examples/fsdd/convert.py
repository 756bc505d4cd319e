"""Join recordings of single digits to clips, so that it is known where each digit begins and ends."""

import argparse
import json
import random
from pathlib import Path

import numpy as np
import soundfile

HERE = Path(__file__).parent
CLIPS, GOLD = 72, 6
LOUDEST = 0.7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("download", type=Path, help="the folder with {digit}_{speaker}_{number}.wav")
    parser.add_argument("--limit", type=int, default=CLIPS, help=f"make so many clips (default: {CLIPS})")
    options = parser.parse_args()
    speakers = {}
    for path in sorted(options.download.rglob("*_*_*.wav")):
        digit, speaker, _ = path.stem.split("_")
        speakers.setdefault(speaker, []).append((digit, path))
    if not speakers:
        parser.error(f"there are no recordings such as 7_jackson_32.wav in {options.download}")
    (HERE / "data").mkdir(exist_ok=True)
    truth = []
    for number in range(1, options.limit + 1):
        luck = random.Random(number)
        speaker = sorted(speakers)[number % len(speakers)]
        key = f"clip-{number:03d}.wav"
        sound, rate, digits = joined(luck.sample(speakers[speaker], luck.randint(3, 6)), luck)
        soundfile.write(HERE / "data" / key, sound, rate, subtype="PCM_16")
        truth.append({"key": key, "speaker": speaker, "digits": digits})
    gold = truth[:: max(10, len(truth) // GOLD)]
    chosen = {row["key"] for row in gold}
    write("truth.jsonl", truth)
    write("gold.jsonl", gold)
    write("reference.jsonl", [row for row in truth if row["key"] not in chosen])
    print(f"{len(truth):,} clips, {len(gold):,} of them gold")


def joined(parts, luck):
    """Return the samples, their rate, and where each digit stands in seconds."""
    _, rate = soundfile.read(parts[0][1])
    pause = lambda: np.zeros(round(luck.uniform(0.25, 0.9) * rate))  # noqa: E731
    pieces, digits = [pause()], []
    for digit, path in parts:
        samples, _ = soundfile.read(path)
        samples = samples if samples.ndim == 1 else samples.mean(axis=1)
        start = sum(len(piece) for piece in pieces)
        pieces += [samples * (LOUDEST / max(1e-6, np.abs(samples).max())), pause()]
        digits.append({"start": round(start / rate, 3), "end": round((start + len(samples)) / rate, 3), "label": digit})
    sound = np.concatenate(pieces)
    noise = np.random.default_rng(luck.getrandbits(32)).normal(0.0, 0.002, len(sound))
    return np.clip(sound + noise, -1.0, 1.0), rate, digits


def write(name, rows):
    (HERE / name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


if __name__ == "__main__":
    main()
