"""One file a kind of source file.

A reader has `SUFFIXES`, the endings of its files; `MODALITY`, what a whole file shows, or None where a file is a table of rows; and
`read(path, *, name, field, delimiter)`, which yields `Row`s and `BrokenRow`s of `formats._tables`. A reader of whole files yields one row
numbered 0 whose column `field` holds the text or the bytes. A file that cannot be read is a `BrokenRow`, never an exception.
"""
