"""Features that are not learnt: what the paper compares with."""
