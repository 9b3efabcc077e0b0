"""Joint learning from images and volumes (Nguyen et al. 2023, arXiv 2212.01893): its losses, engines and networks.

A volume is a row of slices. One 2D network (f_intra) embeds images and slices, one transformer along the slices
(f_inter) makes an embedding of a volume of theirs. `drasclr_core.methods.joint` trains both in the loop of all methods.
"""

from drasclr_core.image_volume.deformable import DeformableAttention, PlainAttention
from drasclr_core.image_volume.encoder import JointEncoder, slices_of
from drasclr_core.image_volume.engines import DeepCluster, SwAV
from drasclr_core.image_volume.looks import looked_at
from drasclr_core.image_volume.losses import masked_embedding_loss, sinkhorn, spherical_kmeans, swav_loss

__all__ = ["DeepCluster", "DeformableAttention", "JointEncoder", "PlainAttention", "SwAV", "looked_at",
           "masked_embedding_loss", "sinkhorn", "slices_of", "spherical_kmeans", "swav_loss"]  # fmt: skip
