"""Pretraining methods, one file each, and the registry of everything that has a row in a table."""
