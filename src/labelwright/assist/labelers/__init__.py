"""The labelers, one file each.

A labeler's module has a docstring; `Options`, a struct of what may be set; `SHORT`, the option that `{labeler: value}` sets; and
`open_labelers(options, project, place, progress)`, which returns one `base.Labeler` for each question and function that it answers,
ready to suggest, or a `base.Declined` with the reason.
"""
