"""What can be reached: floor and ceiling of every target, and how much of the way between them a method goes."""

from drasclr_core.evaluate.reach.reach import ROLES, reach

__all__ = ["ROLES", "reach"]
