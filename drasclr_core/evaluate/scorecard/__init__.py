"""Verdicts on the paper's claims from the result files of a run."""
