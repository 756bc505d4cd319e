"""Datasets: what comes out. Versions that never change, splits without leakage, a certificate, exports, and labels that come in.

- `freeze` makes a version: the labels, how each came to be, and what the audit proves about them.
- `certificate` bounds the share of wrong labels from the random audit.
- `export` writes a version, or the labels as they stand, in any of the formats.
- `import_labels` reads labels from any of the formats, as suggestions, annotations, gold or reference.
"""

from labelwright.datasets.certificate import certificate
from labelwright.datasets.export import export, export_all, places
from labelwright.datasets.imports import ImportReport, Use, forget_known, import_labels
from labelwright.datasets.policy import DatasetPolicy, ExportTarget
from labelwright.datasets.rows import Unfinished
from labelwright.datasets.splits import Splits, assign
from labelwright.datasets.versions import find_version, freeze, versions

__all__ = [
    "DatasetPolicy",
    "ExportTarget",
    "ImportReport",
    "Splits",
    "Unfinished",
    "Use",
    "assign",
    "certificate",
    "export",
    "export_all",
    "find_version",
    "forget_known",
    "freeze",
    "import_labels",
    "places",
    "versions",
]
