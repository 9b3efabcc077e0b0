"""How the trainings of joint image-volume learning went: settings, losses, and where their attention looks."""

from drasclr_core.represent.trainings.joint.logs import few_clusters, joint_sentence, joint_settings, joint_trainings
from drasclr_core.represent.trainings.joint.looks import joint_looks

__all__ = ["few_clusters", "joint_looks", "joint_sentence", "joint_settings", "joint_trainings"]
