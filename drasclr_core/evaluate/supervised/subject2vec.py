"""Subject2Vec: a set of patches becomes one vector of the subject, by attention (Singla et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# (in, out, stride) of the encoder's convolutions; the decoder mirrors them.
LAYERS = (
    (1, 8, 1), (8, 8, 2), (8, 16, 1), (16, 16, 1), (16, 16, 2), (16, 32, 1), (32, 32, 1), (32, 32, 2), (32, 64, 1),
    (64, 64, 1), (64, 64, 2), (64, 128, 1), (128, 128, 1), (128, 128, 2),
)  # fmt: skip
FEATURES = 128
ATTENTION = 64
NORM_EPSILON = 1e-3
ATTENTION_EPSILON = 1e-4
DECODER_SD = 0.02


@dataclass(frozen=True)
class Subject2VecSettings:
    """How Subject2Vec is trained; what is published, where there is something published.

    Parameters
    ----------
    epochs : int
        How often every training subject is shown. The published three are of some 7,000 subjects, 21,000 steps: a small
        cohort needs more.
    landmarks : int
        So many landmarks are used, the same for all subjects, drawn once; 0 for all, as published.
    patches : int
        Patches of a set, at least, and fewer than twice as many; 0 for all of a subject, as published.
    batch_size : int
        Subjects in a step; one, as published, hides how subjects differ (see below).
    lr : float
        Of Adam, in a step.
    dropout : float
        Share of the features of a patch that are left out while training.
    restoration, sharpness : float
        Weights of the restored patches and of the attention in the loss (see `loss_terms`).
    seed : int
        Initial weights, order of subjects, sets and drop-out.

    Notes
    -----
    Singla et al., *Subject2Vec: generative-discriminative approach from a set of image patches to a vector*, MICCAI
    2018 (arXiv 1806.11217), and the authors' code, batmanlab/Subject2Vec at d47a42e.

    What differs from the publication:

    - Patches are those at our landmarks, with our voxels, so that the innermost layers see one voxel; theirs are 32^3
      of 1 mm. Some landmarks may do for all (`landmarks`). A step may take a part of them (`patches`): a subject is
      then the mean of the parts that together hold all, so that training and use see sets of one size.
    - The logarithms of FEV1pp and FEV1/FVC are standardised over the training subjects; theirs, on base 10, have
      variances of some hundredths, which gives the restored patches more weight.
    - They normalise each channel over the patches of one subject, in training and in use. Behind the last layer the
      mean over a set is then nearly the same for all subjects, and little is learnt from hundreds of them; we normalise
      over the patches of the subjects of a step, and in use with statistics pooled over the training subjects.
    - A share of 0.9 is left out, as in their code, where the option says that so much is kept.
    - No confounders join the vector. Convolutions of stride 2 are padded on both sides.
    """

    epochs: int = 3
    landmarks: int = 0
    patches: int = 16
    batch_size: int = 8
    lr: float = 1e-3
    dropout: float = 0.9
    restoration: float = 10.0
    sharpness: float = 1e-4
    seed: int = 0


class SubjectOutput(NamedTuple):
    """What the network makes of the sets of S subjects, n patches each.

    `predicted` [S, T], `vector` [S, 128], `attention` [S, n] (sums to 1 over n) and `restored` [S, n, s, s, s].
    """

    predicted: Tensor
    vector: Tensor
    attention: Tensor
    restored: Tensor


class Subject2Vec(nn.Module):
    """Encoder of patches, attention over the set, and a decoder that keeps what patches look like."""

    def __init__(self, targets: int, dropout: float = 0.9):
        super().__init__()
        self.encoder = nn.ModuleList(_block(nn.Conv3d, i, o, stride) for i, o, stride in LAYERS)
        self.decoder = nn.ModuleList(_block(nn.ConvTranspose3d, o, i, stride) for i, o, stride in reversed(LAYERS))
        self.attention = nn.Sequential(EquivariantLayer(FEATURES, ATTENTION), EquivariantLayer(ATTENTION, 1))
        self.dense = nn.Linear(FEATURES, FEATURES)
        self.dropout = nn.Dropout(dropout)
        self.predict = nn.Linear(FEATURES, targets)
        for module in self.modules():
            if isinstance(module, nn.Conv3d | nn.Linear):
                nn.init.xavier_uniform_(module.weight)
            elif isinstance(module, nn.ConvTranspose3d):
                nn.init.normal_(module.weight, std=DECODER_SD)
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)
        self.to(memory_format=torch.channels_last_3d)  # half the time of a step on a CPU, from patches of 16^3 on

    def forward(self, patches: Tensor) -> SubjectOutput:
        """Takes patches of some subjects, [S, n, s, s, s] in [0, 1]; S n at least 2, s at most 32."""
        h, sizes = self._encode(patches)
        vector, attention = self._pool(h.reshape(*patches.shape[:2], FEATURES))
        for layer, size in zip(self.decoder, reversed(sizes), strict=True):
            h = F.elu(layer["norm"](layer["conv"](h, output_size=size)))
        return SubjectOutput(self.predict(vector), vector, attention, h.reshape(patches.shape))

    def vector(self, patches: Tensor) -> Tensor:
        """The subjects' vectors alone, [S, 128]; `patches` as in `forward`."""
        return self._pool(self._encode(patches)[0].reshape(*patches.shape[:2], FEATURES))[0]

    def _encode(self, patches: Tensor) -> tuple[Tensor, list[torch.Size]]:
        h, sizes = patches.flatten(0, 1)[:, None].contiguous(memory_format=torch.channels_last_3d), []
        for layer in self.encoder:
            sizes.append(h.shape[2:])
            h = F.elu(layer["norm"](layer["conv"](h)))
        return h, sizes

    def _pool(self, h: Tensor) -> tuple[Tensor, Tensor]:
        attention = self.attention(h).softmax(dim=1)
        return self.dropout(F.elu(self.dense(attention * h))).sum(dim=1), attention[..., 0]


class EquivariantLayer(nn.Linear):
    """sigmoid((x - max over the set) W + b): sets [S, n, D] in any order give [S, n, K] in the same order."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(super().forward(x - x.amax(dim=1, keepdim=True)))


def loss_terms(output: SubjectOutput, targets: Tensor, patches: Tensor) -> dict[str, Tensor]:
    """Returns the three terms of the loss, means over subjects, not weighted yet.

    Parameters
    ----------
    output : SubjectOutput
        Of the `patches` [S, n, s, s, s].
    targets : Tensor [S, T]

    Returns
    -------
    dict
        ``targets``: squared errors, summed over the targets; ``restoration``: mean squared error of a voxel;
        ``sharpness``: sum over patches of log(attention + 1e-4), the smaller, the fewer patches count.
    """
    return {
        "targets": ((output.predicted - targets) ** 2).sum(dim=1).mean(),
        "restoration": F.mse_loss(output.restored, patches),
        "sharpness": (output.attention + ATTENTION_EPSILON).log().sum(dim=1).mean(),
    }


def subject2vec_loss(terms: dict[str, Tensor], settings: Subject2VecSettings) -> Tensor:
    """Returns the weighted sum of the `terms` of `loss_terms`, with the weights in `settings`."""
    return terms["targets"] + settings.restoration * terms["restoration"] + settings.sharpness * terms["sharpness"]


def _block(convolution: type[nn.Module], channels_in: int, channels_out: int, stride: int) -> nn.ModuleDict:
    conv = convolution(channels_in, channels_out, 3, stride, padding=1, bias=False)
    return nn.ModuleDict({"conv": conv, "norm": nn.BatchNorm3d(channels_out, NORM_EPSILON)})
