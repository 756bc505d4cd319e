"""Numbers that small models learn from, one file a modality: cheap, the same each time, and without a model to download.

`matrix` turns texts into rows of a sparse matrix. Of a modality whose bytes are stored, `vector` turns those into one row of `SIZE` plain
numbers; `opened` decodes them, `part` cuts a marked place out of that, and `vector_of` turns either into a row. `WHAT` says in words what
the numbers are. `VERSION` changes with them, so that what was kept from an older version is not mistaken for the new. A modality without
such a file is looked at by no small model.
"""
