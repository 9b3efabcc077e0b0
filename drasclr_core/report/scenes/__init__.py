"""Pictures of lungs and disease in three dimensions, still and to be turned."""

from drasclr_core.report.scenes.page import interactive, write_scene_page
from drasclr_core.report.scenes.render import can_render, render_scene

__all__ = ["can_render", "interactive", "render_scene", "write_scene_page"]
