"""Presets, executing notebooks, and the book that is made of them."""
