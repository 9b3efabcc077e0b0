"""Linear readouts of frozen features, cross-validated by subject."""
