"""Numbers that small models learn from, one file a modality: cheap, the same each time, and without a model to download.

`text.matrix` turns texts into rows of a sparse matrix, `image.vector` and `audio.vector` turn the bytes of a picture or recording into
one row of plain numbers. `VERSION` changes with the numbers, so that what was kept from an older version is not mistaken for the new.
"""
