"""The course's helpers: answers that are checked with a hint, the core's own code on a page, small things to drag."""

from drasclr_core.teach.check import check
from drasclr_core.teach.core_code import show_core
from drasclr_core.teach.widget import show_widget

__all__ = ["check", "show_core", "show_widget"]
