import numpy as np

from drasclr_core.anatomy.lungs.low_attenuation import low_attenuation_mask
from drasclr_core.imaging.volume import Volume


def test_low_attenuation_is_in_the_lungs_only():
    volume = Volume(np.array([-1000.0, -950.0, -951.0, -1000.0]).reshape(4, 1, 1), np.diag([2.0, 2.0, 2.0, 1.0]))
    found = low_attenuation_mask(volume, np.array([1, 1, 2, 0]).reshape(4, 1, 1))
    assert found.ravel().tolist() == [True, False, True, False]
