"""One file a format of labeled data, each reading and writing the one neutral value `base.Labeled`, item by item.

A format is a module in this folder, or one that an entry point in the group `labelwright.formats` names. Its first line says what it is.

- `READS`, `WRITES`: what it can do. `SUFFIX`: how a file of it ends, or `""` where it is a folder.
- `refuses(schema)`: why it cannot hold what this schema asks for, or None.
- `write(dataset, schema, target, *, blobs=None)`: writes every item. `target` is a folder, a file or a binary stream. Into a folder go the
  labels and, where `blobs` is given, the media under safe names; a file or stream takes the labels only.
  One that takes `dropped` counts in it, by question, what it had to leave out, and refuses to leave out anything without it.
- `SEVERAL_FILES`: true where a file has another one beside it, so that it travels packed.
- `read(path, schema, *, key=None, names={})`: yields each item as a `Labeled`, and whatever is wrong as a `Broken`. Broken input
  never raises. `names` gives columns of the file the names of ours; a format that takes none may do without.

The conformance suite finds the file and tries all this.
"""

from labelwright.formats.base import Broken, Labeled, Provenance, guess

__all__ = ["Broken", "Labeled", "Provenance", "guess"]
