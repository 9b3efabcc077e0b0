"""The words and tables of the report on one scan, as pieces of HTML; everything that is not ours is escaped."""

from __future__ import annotations

from html import escape

import numpy as np

from drasclr_core.report.methods import describe
from drasclr_core.represent.description import Description, mask_file, probability_file
from drasclr_core.represent.place import NEIGHBOURS, USUAL
from drasclr_core.represent.scan_folder import NEUTRAL

MEANING = {
    "ok": "Every measure of the scan and of its alignment is within the usual range.",
    "review": "Something is unusual. Look at the pictures before you trust the numbers.",
    "refused": "This scan cannot be used, so nothing was computed from it.",
}
UNLIKE = {
    "inside": "By its features this scan is as like the cohort as the cohort's subjects are like each other.",
    "edge": "By its features this scan is at the edge of what the cohort shows.",
    "outside": "By its features this scan is unlike every subject of the cohort.",
}
ABOUT_DENSITY = (
    "LAA-950 is the share of lung voxels below -950 HU; below the 15th percentile lies the darkest 15 % of the lungs. "
    "Both depend on how the scan was made: noise, a sharp kernel and full inspiration darken, contrast agent and thick "
    "slices brighten. They are measured at the voxel size of the run; averaging a finer scan lowers its LAA-950."
)
DOUBT = (
    "Emphysema is dark. Where hardly anything of what a detector marks is below -950 HU, doubt the detector first: it "
    "may have taken another scanner's look for disease."
)
ABOUT_3D = (
    "The lungs as glass, seen from the front: the subject's right is on the left. Red: centrilobular, yellow: "
    "paraseptal emphysema, as detected."
)
FILES = {
    "lungs.nii.gz": "lungs: 1 right, 2 left",
    "affine.json": "alignment, atlas mm to scan mm",
    "landmarks.npy": "landmarks in the scan, RAS mm",
    "landmarks.parquet": "features at every landmark, with its place in the scan and in the atlas",
    "image.parquet": "image-level features, one row that joins the cohort's table",
    "regions.csv": "volumes and density by side and third",
    "quality.json": "verdict, reasons and measures",
    "view_3d.html": "the view in three dimensions, by itself",
    "summary.json": "everything in this report as numbers",
}


def section(title: str, *pieces: str) -> str:
    """A card of the page, without a heading if `title` is empty; a piece that is no markup becomes a note."""
    body = "".join(
        piece if piece.startswith("<") else f'<p class="note">{escape(piece)}</p>' for piece in pieces if piece
    )
    heading = f"<h2>{escape(title)}</h2>" if title else ""
    return f"<section>{heading}{body}</section>"


def lead(found: Description) -> str:
    """The sentence under the title."""
    made = found.made
    subject = f" This is subject {made['subject']} of that cohort." if made["subject"] else ""
    whose = "simulated cohort" if made["simulated"] else "cohort"
    return f"One chest CT, described by run {made['run']} (trained on its {whose} {made['cohort']}).{subject}"


def warning(found: Description) -> str:
    """That this is not for care, and how far the scan is from what the model knows."""
    text = "<p><strong>Not for clinical use.</strong> "
    if found.made["simulated"]:
        text += "The encoder and the detectors were trained on simulated phantoms, not on people. "
        text += "What they say about a real scan is not validated for any purpose.</p>"
    else:
        text += "This is research software, and is not validated for any decision about a patient.</p>"
    if found.place is not None and found.place.verdict != "inside":
        text += f"<p><strong>{UNLIKE[found.place.verdict]}</strong> Take what the model says about it as a "
        text += "demonstration of the method, not as findings (see “Among the cohort”).</p>"
    return text


def verdict(found: Description, picture: str = "", title: str = "Can this scan be used?") -> str:
    """Verdict and reasons."""
    quality = found.quality
    reasons = "".join(f"<li>{escape(reason.removeprefix(f'{NEUTRAL}: '))}</li>" for reason in quality.reasons)
    badge = f'<p><span class="verdict {quality.verdict}">{quality.verdict}</span> {MEANING[quality.verdict]}</p>'
    return section(title, badge, f"<ul>{reasons}</ul>" if reasons else "", picture)


def in_short(found: Description, title: str = "In short") -> str:
    """The numbers that a reader wants first, each with what it means."""
    whole, measures, percentile = found.whole, found.quality.measures, found.laa_percentile
    sides = f"right {measures['right_l']:.2f} l, left {measures['left_l']:.2f} l"
    than = "" if percentile is None else f"; more than {percentile:.0f} % of {_whom(found)}"
    rows = [
        ("Lung volume", f"{whole['lung_ml'] / 1000:.2f} l", sides),
        ("Mean lung density", f"{whole['mean_hu']:.0f} HU", "lung at full inspiration has about -850 HU"),
        ("15th percentile", f"{whole['perc15_hu']:.0f} HU", "lower means more emphysema"),
        ("LAA-950", f"{whole['laa950_pct']:.1f} %", f"share of the lungs below -950 HU{than}"),
    ]
    for name in found.maps:
        said = f"of the lungs: here the detector says yes ({whole[f'{name}_ml']:.0f} ml); {_density_there(whole, name)}"
        rows.append((f"Detected: {name}", f"{whole[f'{name}_pct']:.1f} %", said))
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    table = f'<div class="scroll"><table class="words"><tbody>{body}</tbody></table></div>'
    return section(title, table, DOUBT if found.maps else "", found.missing_maps)


def _density_there(whole: dict, name: str) -> str:
    """Whether what was detected is dark, as emphysema is."""
    share = whole[f"{name}_laa950_pct"]
    return "nothing detected" if share != share else f"of that, {share:.1f} % is below -950 HU"


def about_slices(found: Description) -> str:
    """What the pictures show."""
    text = (
        "CT in the window -1060 to -825 HU: healthy lung is light, emphysema dark. The subject's right is on the left. "
    )
    if not found.maps:
        return text
    return text + (
        "A colour says: the cube of 32 mm round this voxel looks to the detector like patches with this subtype "
        "(probability 0.5 or more). So colours are as coarse as the cube, and cover more than the diseased tissue."
    )


def regions(found: Description, title: str = "By side and third") -> str:
    """Volumes by side and third."""
    groups = {"LAA-950": "laa950"} | {name.capitalize(): name for name in found.maps}
    columns = ["lung_ml", "mean_hu"] + [f"{name}_{unit}" for name in groups.values() for unit in ("ml", "pct")]
    above = "".join(f'<th colspan="2" scope="colgroup">{escape(title)}</th>' for title in groups)
    below = "<th>ml</th><th>%</th>" * len(groups)
    head = f'<tr><th colspan="2"></th><th>Lung</th><th>Mean</th>{above}</tr>'
    head += f'<tr><th colspan="2"></th><th>ml</th><th>HU</th>{below}</tr>'
    rows = []
    for place, row in enumerate(found.regions.to_dict("records")):
        side = f'<th rowspan="4" scope="rowgroup">{row["side"]}</th>' if place % 4 == 0 else ""
        cells = "".join(f"<td>{_number(row[column], column)}</td>" for column in columns)
        kind = ' class="sum"' if row["third"] == "whole" else ""
        rows.append(f'<tr{kind}>{side}<th scope="row">{row["third"]}</th>{cells}</tr>')
    table = f'<div class="scroll"><table><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table></div>'
    note = ("Upper, middle and lower thirds of each lung's own height. They are not lobes: nobody segmented fissures. "
            "Per cent are of the lung in the same row.")  # fmt: skip
    return section(title, table, note)


def about_place(found: Description) -> str:
    """How to read the comparison with the cohort."""
    place, whom = found.place, _whom(found)
    text = (
        f"{UNLIKE[place.verdict]} It differs from the {NEIGHBOURS} most similar subjects by {place.distance:.2f} "
        f"standard deviations per feature on average; {whom} differ from those most similar to them by "
        f"{np.median(place.usual):.2f} (median), at most {place.usual.max():.2f}. "
    )
    if not np.isnan(place.odd_landmarks):
        text += (
            f"At {place.odd_landmarks:.0f} % of the landmarks its patch is odd: less like the cohort's patches there "
            f"than {USUAL:.0f} % of them are like each other ({100 - USUAL:.0f} % would be usual). "
        )
    return text + (
        "An encoder answers for any input, also for one unlike all it has seen. A large distance says not to believe "
        "it; a small one proves nothing."
    )


def how(found: Description, stored: dict) -> str:
    """How the report was made, what its maps' errors are, and which files lie beside it."""
    made = found.made
    changed = " with uncommitted changes" if made["code"]["dirty"] else ""
    facts = {
        "Run": f"{made['run']}, cohort {made['cohort']}" + (f", preset {made['preset']}" if made["preset"] else ""),
        "Encoder": f"{describe(made['method']).name} {made['encoder']}, patches of {made['patch_size']}³ voxels of "
                   f"{made['spacing_mm']:g} mm",
        "Code": f"{made['code']['sha']}{changed}; torch {made['versions']['torch']}, numpy {made['versions']['numpy']}",
    }  # fmt: skip
    if stored:
        voxel, shape = (" x ".join(f"{value:g}" for value in stored[name]) for name in ("spacing", "shape"))
        thick = f", slices {stored['slice_thickness']:g} mm thick" if stored.get("slice_thickness") else ""
        facts["Scan as stored"] = f"{stored['format']}, {shape} voxels of {voxel} mm{thick}"
    dice = found.quality.measures.get("dice")
    if dice is not None:
        facts["Alignment"] = f"Dice {dice:.2f} of warped lungs and atlas"
    for subtype, about in found.maps.items():
        facts[f"Map, {subtype}"] = _map(found, about)
    pairs = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts.items())
    return section("How it was made", f"<dl>{pairs}</dl>", _files(found))


def _map(found: Description, about: dict) -> str:
    text = (
        f"{describe(found.made['detector']).name}; every {about['stride']}th voxel, finer where decisions are close; "
        f"{about['evaluations']:,} patches, {about['seconds']:.0f} s"
    )
    if about["clipped"]:
        text += f"; {about['clipped']:,} lung voxels lie outside the atlas's landmarks, where the nearest place counts"
    if error := about["error"]:
        low, high = (100 * value for value in error["decisions_interval"])
        text += (
            f". Against exact evaluation of {error['voxels']} random voxels the probability differs by "
            f"{error['mean']:.3f} on average, and {100 * error['decisions']:.1f} % of the decisions (95 % interval "
            f"{low:.1f} to {high:.1f} %)"
        )
    return text


def _files(found: Description) -> str:
    maps = {kind(subtype): f"{subtype} emphysema, {what}" for subtype in found.maps
            for kind, what in ((probability_file, "probability"), (mask_file, "mask"))}  # fmt: skip
    there = set(found.files())
    items = "".join(f'<li><a href="{name}">{name}</a>: {escape(what)}</li>'
                    for name, what in (FILES | maps).items() if name in there)  # fmt: skip
    aligned = "" if found.refused else "; images open aligned with the scan in 3D Slicer or ITK-SNAP"
    return f"<p>Files beside this page{aligned}:</p><ul>{items}</ul>"


def _whom(found: Description) -> str:
    kind = "simulated subjects" if found.made["simulated"] else "subjects of the cohort"
    return f"the {len(found.place.points)} {kind}"


def _number(value: float, column: str) -> str:
    if value != value:  # NaN: a region without lung
        return "–"
    return f"{value:.1f}" if column.endswith("_pct") else f"{value:,.0f}"
