"""The tables of the report on one scan, as pieces of HTML; everything that is not ours is escaped."""

from __future__ import annotations

from html import escape

from drasclr_core.describe.description import Description, mask_file, probability_file
from drasclr_core.describe.scan_folder import NEUTRAL
from drasclr_core.describe.words import DOUBT, MEANING, cohort_words
from drasclr_core.methods import row_of

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


def verdict(found: Description, picture: str = "", title: str = "Can this scan be used?") -> str:
    """Verdict and reasons."""
    quality = found.quality
    reasons = "".join(f"<li>{escape(reason.removeprefix(f'{NEUTRAL}: '))}</li>" for reason in quality.reasons)
    badge = f'<strong class="verdict {quality.verdict}">{quality.verdict}</strong>'
    said = f"<p>Verdict: {badge}. {MEANING[quality.verdict]}</p>"
    return section(title, said, f"<ul>{reasons}</ul>" if reasons else "", picture)


def in_short(found: Description, title: str = "In short") -> str:
    """The numbers that a reader wants first, each with what it means."""
    whole, measures, percentile = found.whole, found.quality.measures, found.laa_percentile
    sides = f"right {measures['right_l']:.2f} l, left {measures['left_l']:.2f} l"
    than = "" if percentile is None else f"; more than {percentile:.0f} % of the {cohort_words(found)}"
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


def how(found: Description, stored: dict) -> str:
    """How the report was made, what its maps' errors are, and which files lie beside it."""
    made = found.made
    changed = " with uncommitted changes" if made["code"]["dirty"] else ""
    facts = {
        "Run": f"{made['run']}, cohort {made['cohort']}" + (f", preset {made['preset']}" if made["preset"] else ""),
        "Encoder": f"{row_of(made['method']).name} {made['encoder']}, patches of {made['patch_size']}³ voxels of "
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
        f"{row_of(found.made['detector']).name}; every {about['stride']}th voxel, finer where decisions are close; "
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


def _number(value: float, column: str) -> str:
    if value != value:  # NaN: a region without lung
        return "–"
    return f"{value:.1f}" if column.endswith("_pct") else f"{value:,.0f}"
