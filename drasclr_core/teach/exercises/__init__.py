"""The exercises of the course, one module for each chapter."""

import importlib
import pkgutil

CHAPTERS = {name: importlib.import_module(f"{__name__}.{name}") for _, name, _ in pkgutil.iter_modules(__path__)}
EXERCISES = {exercise.id: exercise for chapter in CHAPTERS.values() for exercise in chapter.EXERCISES}

__all__ = ["EXERCISES"]
