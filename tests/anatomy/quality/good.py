"""Measures of a scan to which nothing is to be said."""

GOOD = {"volume_l": 5.0, "left_to_right": 0.85, "top_cut_cm2": 0.0, "bottom_cut_cm2": 0.0, "mean_hu": -830.0,
        "slice_mm": 1.0, "dice": 0.92, "determinant": 1.1, "shear": 0.05, "landmarks_inside": 0.96}  # fmt: skip
