"""The paper's own numbers and claims, transcribed, and how they are read."""
