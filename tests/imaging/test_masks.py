"""Operations on masks."""

import numpy as np

from drasclr_core.imaging.masks import largest


def test_the_largest_piece():
    mask = np.zeros((6, 3, 3), dtype=bool)
    mask[0, 0, 0] = mask[2:5, 1, 1] = True
    found = largest(mask)
    assert found.sum() == 3 and found[2:5, 1, 1].all()


def test_an_empty_mask_has_no_piece():
    assert not largest(np.zeros((3, 3, 3), dtype=bool)).any()
