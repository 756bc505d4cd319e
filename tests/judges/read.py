"""Runs in the judges' environment: `read.py JUDGE PATH` reads what we wrote, and prints what it found as one line of JSON."""

import contextlib
import json
import sys
import tempfile
from pathlib import Path


def coco(path):
    from pycocotools.coco import COCO

    loaded = COCO(str(path))
    names = {category["id"]: category["name"] for category in loaded.loadCats(loaded.getCatIds())}
    boxes = {}
    for image in loaded.loadImgs(loaded.getImgIds()):
        found = loaded.loadAnns(loaded.getAnnIds(imgIds=[image["id"]]))
        boxes[image["file_name"]] = [[names[one["category_id"]], *one["bbox"], one["area"]] for one in found]
    return {"names": list(names.values()), "boxes": boxes}


def datasets(path):
    from datasets import load_dataset

    with tempfile.TemporaryDirectory() as cache:
        loaded = load_dataset(str(path), cache_dir=cache)
        return {name: [_plain(row, part.features) for row in part] for name, part in loaded.items()}


def _plain(row, features):
    """Class labels by name, and of a picture its size."""
    found = {}
    for name, value in row.items():
        if hasattr(features[name], "int2str") and value is not None:
            value = features[name].int2str(value)
        found[name] = list(value.size) if hasattr(value, "size") and hasattr(value, "mode") else value
    return found


def datumaro(path):
    from datumaro import Dataset

    dataset = Dataset.import_from(str(path), "coco_instances")
    labels = [category.name for category in dataset.categories()[next(iter(dataset.categories()))]]
    found = {}
    for item in dataset:
        boxes = [[labels[one.label], *one.get_bbox()] for one in item.annotations]
        found[f"{item.subset}/{item.id}"] = {"size": list(item.media.size), "boxes": boxes}
    return found


def label_studio(path):
    from label_studio_sdk.label_interface import LabelInterface

    interface = LabelInterface((path / "label_config.xml").read_text("utf-8"))
    tasks = json.loads((path / "tasks.json").read_text("utf-8"))
    controls = {name: sorted(control.labels or []) for name, control in interface._controls.items()}
    valid = []
    for task in tasks:
        # The library looks at a task's data alone where it has no annotations, and at these one by one.
        valid.append(interface.validate_task({"data": task["data"]}))
        valid += [interface.validate_annotation(annotation) for annotation in task["annotations"]]
    return {"controls": controls, "valid": valid}


def spacy(path):
    from spacy.training.converters import conll_ner_to_docs

    sentences = conll_ner_to_docs(path.read_text("utf-8"), n_sents=1, no_print=True)
    return [[[ent.text, ent.label_] for ent in doc.ents] for doc in sentences]


if __name__ == "__main__":
    judge, path = sys.argv[1:]
    with contextlib.redirect_stdout(sys.stderr):
        result = {"coco": coco, "datasets": datasets, "datumaro": datumaro, "label_studio": label_studio, "spacy": spacy}[judge](Path(path))
    print(json.dumps(result))
