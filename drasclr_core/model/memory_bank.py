"""The conditional memory bank: one ring of negatives for every landmark (paper Section 3)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConditionalMemoryBank(nn.Module):
    """Keys of earlier batches, kept apart by landmark, each with its subject and its age.

    As in MoCo the bank starts full of random unit vectors. They carry the subject id -1, so they are nobody's own
    keys, and without `max_age` they serve as (easy) negatives until real keys have overwritten them. With `max_age`
    they count as too old and are never used.

    Parameters
    ----------
    num_landmarks, size, dim : int
        Number of landmarks, keys per landmark (K), length of a key.
    max_age : int, optional
        For how many steps a key may serve as a negative. Old keys come from an older key network; a query is told
        from them by resembling the newest keys, without a look at its patch. A landmark is visited once or a few
        times per epoch, so without this limit most negatives of a small cohort are of that kind.
    generator : torch.Generator, optional
        Draws the initial keys.
    """

    def __init__(self, num_landmarks: int, size: int, dim: int, max_age: int | None = None,
                 generator: torch.Generator | None = None):  # fmt: skip
        super().__init__()
        self.max_age = max_age
        keys = F.normalize(torch.randn(num_landmarks, size, dim, generator=generator), dim=-1)
        self.register_buffer("keys", keys)
        self.register_buffer("subjects", torch.full((num_landmarks, size), -1))
        self.register_buffer("made_at", torch.full((num_landmarks, size), -(2**62)))
        self.register_buffer("pointer", torch.zeros(num_landmarks, dtype=torch.long))
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))

    def negatives(self, landmark: int | list[int], subjects: Tensor) -> tuple[Tensor, Tensor]:
        """The keys of a landmark, and which of them a query must not be contrasted with.

        Parameters
        ----------
        landmark : int or list of P int
            Of several, the results have a leading dimension P.
        subjects : int Tensor [B]
            Subject of each query.

        Returns
        -------
        keys : Tensor [K, dim]
            A copy: the loss needs it in the backward pass, after `enqueue` has changed the bank.
        mask : bool Tensor [B, K]
            True where the key is a view of the query's own subject, which is no negative, or too old.
        """
        mask = self.subjects[landmark].unsqueeze(-2) == subjects[:, None]
        if self.max_age is not None:
            mask = mask | (self.age(landmark) > self.max_age).unsqueeze(-2)
        return self.keys[landmark].clone(), mask

    def age(self, landmark: int | list[int]) -> Tensor:
        """Steps since the keys of a landmark were made, int [K] or [P, K]: 1 for those of the newest step."""
        return self.steps - self.made_at[landmark]

    @torch.no_grad()
    def enqueue(self, landmark: int | list[int], keys: Tensor, subjects: Tensor) -> None:
        """Replace the oldest keys of a landmark by [B, dim]; of more than `size` keys the last ones are kept.

        Of P landmarks, in one step: keys [P, B, dim].
        """
        size, count = self.keys.shape[1], keys.shape[-2]
        kept = torch.arange(max(count - size, 0), count, device=keys.device)
        rows = torch.as_tensor(landmark, device=keys.device).unsqueeze(-1)
        places = (self.pointer[rows] + kept) % size
        self.keys[rows, places] = keys[..., kept, :].to(self.keys.dtype)
        self.subjects[rows, places] = subjects[kept].expand(places.shape)
        self.made_at[rows, places] = self.steps
        self.pointer[landmark] = (self.pointer[landmark] + count) % size
        self.steps += 1
