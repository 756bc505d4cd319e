"""Does the product say anything untrue? `python -m benchmarks.honesty [--world NAME ...] [--draws N] [--projects N] [--seed N]`.

A world is a situation in which a promise could be false, such as people who follow suggestions, or reviewers who overlook errors. Its
truth is known, for it is simulated. Each world is tried twice: by many cheap draws through the functions that make the figures, and by
whole projects through the product. What is printed is how often each interval covered the truth, and how often no requirement or
headline was false, with the chance of so few under the stated confidence. The exit code is 1 where any chance is below 0.001.

To add a world, write one file `worlds/NAME.py`; the folder is listed. Its docstring says what the world is like. It has two functions:

    def draws(count: int, seed: int) -> list[Coverage]: ...     # through the functions themselves: cheap, 20,000 of them by default
    def projects(count: int, seed: int) -> list[Coverage]: ...  # whole projects through the product: 40 of them by default

Each returns one `Coverage` for each thing that is promised; a list may be empty. Both are called several times with parts of the count and
other seeds, on two processes, and what they return is added up by `what`: so a name must not depend on the seed. `whole.py` opens a
project from a declaration and files, and lets people work in it without HTTP.
"""
