"""The rules, one file each.

A rule's module has a docstring that tells what it finds, why that is bad, and an example; `SEVERITY`, that of its findings unless the
pipeline file says otherwise; `ALWAYS`, whether it holds without being declared; `Options`, what may be set; and
`compile(options, schema, folder)`, which returns the function that looks at a case. With `SHORT`, `{rule: value}` sets that option; with
`BINDING`, a rule can be neither softened nor switched off.
"""
