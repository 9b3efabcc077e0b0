"""One scan through a trained run, as one report."""
