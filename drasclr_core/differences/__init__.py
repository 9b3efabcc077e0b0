"""Small models of what is wrong in the authors' code, each beside what this project does (page 60).

All of it is ours: the functions rebuild a behaviour that was observed, in a few lines and with made-up data. Where a
function shows our side, it runs the real code of the package. Everything follows from the seed that is passed, but
for measured seconds and for what other processes draw without a seed.
"""

# Nothing is imported here: `processes` is read by processes of its own, which must not wait for PyTorch.
__all__ = [
    "contrast",
    "cost",
    "experts",
    "figures",
    "landmark_figures",
    "landmarks",
    "loading",
    "norms",
    "processes",
    "seeding",
]
