"""The labelers, one file each.

A labeler's module has a docstring; `Options`, a struct of what may be set; `SHORT`, the option that `{labeler: value}` sets; and
`open_labelers(options, project, place, progress)`, which returns one `base.Labeler` for each question and function that it answers,
ready to suggest, or a `base.Declined` with the reason.

The labelers are named as the module. A module whose labelers have other names has `called(options)`, which returns their name or, with a
dot at its end, how their names begin: by it their role is known without running them.
"""
