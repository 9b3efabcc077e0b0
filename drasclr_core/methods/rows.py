"""Rows of tables that no pretraining method of this project makes: baselines, readouts, measurements, ceilings.

Methods of the paper's tables that have no file here yet are listed too, so that a claim about one names what is
missing. A file ``methods/<name>.py`` takes the place of the row of that name.
"""

from __future__ import annotations

from drasclr_core.methods.row import Row

# The methods shown first have colours of Okabe and Ito, the other learned ones of Paul Tol ("muted"), which stay apart
# under every common colour blindness.
ROWS = {
    "chance": Row("Chance", "#8c8c8c", 10),
    "confounders": Row("Confounders", "#555555", 20),
    "location": Row("Location alone", "#333333", 30),
    "laa950": Row("LAA-950", "#E69F00", 100, {"table2": "LAA-950"}),
    "patch_laa": Row("Patch LAA", "#C77C02", 105, {"table5": "Linear Readout: Patch LAA"}),
    "patch_histogram": Row("Patch histogram", "#5F7F3F", 107),
    "lung_density": Row("Lung density", "#8A6D00", 110),
    "hand_designed": Row("Hand-designed", "#B8A900", 115, {"table3": "Imaging: Hand-designed"}),
    "kmeans": Row("K-means", "#CC79A7", 120, {"table2": "K-Means"}),
    "divergence": Row("Divergence", "#56B4E9", 130, {"table2": "Divergence-based"}),
    "cnn3d": Row("3D CNN", "#A6761D", 300, {"table4": "3D CNN"}),
    "cnn2d": Row("2D CNN", "#661100", 305, {"table2": "2D CNN"}),
    "patch_cnn": Row("Patch CNN from scratch", "#B5651D", 310, {"table5": "Full Fine-tuning: Patch-based CNN"}),
    "subject2vec": Row("Subject2Vec", "#117733", 320, {"table2": "Subject2Vec", "table3": "Imaging: Subject2Vec"}),
    "untrained": Row("Untrained encoder", "#A9A9C8", 326),
    "random": Row("Random weights", "#8F8A7A", 327),
    "random_3d": Row("Random weights, 3D network", "#B5B0A0", 328),
    "models_genesis_finetuned": Row("Models Genesis, fine-tuned", "#7A7A1F", 342, {
        "table5": "Full Fine-tuning: Models Genesis"}),
    "swinunetr_finetuned": Row("SwinUNETR, fine-tuned", "#2E7F75", 372, {"table5": "Full Fine-tuning: SwinUNETR"}),
    "slices_swav": Row("SwAV on slices", "#4FA9DE", 393),
    "slices_deepcluster": Row("DeepCluster-V2 on slices", "#0B5FA5", 394),
    "joint_deepcluster": Row("Joint, DeepCluster-V2", "#7A1F5C", 397),
    "context_ssl_finetuned": Row("Context SSL, fine-tuned", "#3F6FA3", 392, {
        "table5": "Full Fine-tuning: Context SSL"}),
    "no_conditioning": Row("No conditioning", "#8C564B", 500, {"table6": "No conditioning"}),
    "concatenation": Row("Concatenation", "#9467BD", 510, {"table6": "Concatenation"}),
    "hypernetwork": Row("HyperNetwork", "#BCBD22", 520, {"table6": "HyperNetwork"}),
    "experts_1": Row("1 expert", "#C6DBEF", 522),
    "experts_2": Row("2 experts", "#9ECAE1", 523),
    "experts_4": Row("4 experts", "#6BAED6", 524),
    "experts_16": Row("16 experts", "#2171B5", 526),
    "random_location": Row("Random location", "#E377C2", 530, {"table7": "Random location"}),
    "patch_location": Row("Patch location", "#17A2B8", 535, {"table7": "Patch location"}),
    "drasclr_neighbors1": Row("DrasCLR, 1 neighbour", "#5B8FF9", 540, {"table8": "# Neighbors = 1"}),
    "drasclr_neighbors3": Row("DrasCLR, 3 neighbours", "#1E3A8A", 550, {"table8": "# Neighbors = 3"}),
    "beta_half": Row("DrasCLR, beta 0.5", "#A1D99B", 552),
    "beta_double": Row("DrasCLR, beta 2", "#31A354", 554),
    "drasclr_alike": Row("DrasCLR, longer, like density", "#D55E00", 556),
    "drasclr_unhealthy_atlas": Row("DrasCLR, unhealthy atlas", "#7C4D00", 560, {"table9": "Ours (unhealthy atlas)"}),
    "drasclr_official_atlas": Row("DrasCLR, the authors' atlas", "#B58900", 565),
    "joint_no_mask": Row("Joint, no hidden slices", "#8F8F2E", 570),
    "joint_no_inter": Row("Joint, no clusters of volumes", "#2FA58E", 572),
    "joint_plain": Row("Joint, plain attention", "#D98E04", 574),
    "drasclr_long": Row("DrasCLR, trained longer", "#00344F", 605),
    "drasclr_shown": Row("DrasCLR, shipped weights", "#003F5C", 607),
    "drasclr_readout": Row("DrasCLR, linear readout", "#7FB2E5", 610, {"table5": "Linear Readout: Ours"}),
    "drasclr_finetuned": Row("DrasCLR, fine-tuned", "#3B6FB6", 620, {"table5": "Full Fine-tuning: Ours"}),
    "spirometry": Row("Spirometry", "#7A1F4B", 700, {"table3": "Clinical: Spirometry"}),
    "bode": Row("BODE", "#2A9D8F", 710, {"table3": "Clinical: BODE"}),
    "hand_designed+bode": Row("Hand-designed + BODE", "#6B3A00", 720, {
        "table3": "Imaging + Clinical: Hand-designed + BODE"}),
    "drasclr+spirometry": Row("DrasCLR + spirometry", "#4B3FA0", 730, {
        "table3": "Imaging + Clinical: Ours + Spirometry"}),
    "drasclr+bode": Row("DrasCLR + BODE", "#00507A", 740, {"table3": "Imaging + Clinical: Ours + BODE"}),
    "laa950_noise_free": Row("Ceiling: LAA-950 without scanner noise", "#B98200", 1010),
    "ct_noise_free": Row("Ceiling: CT metrics without scanner noise", "#8F7E00", 1020),
    "truth": Row("Ceiling: true disease", "#1B1B1B", 1030),
}  # fmt: skip
