"""Draws the static figure of the page *The paper's tables and figures* from a run on this machine.

``python -m drasclr_core.report.figures.way --run demo`` writes ``book/_static/figures/pipeline.png``.
"""

import argparse
from pathlib import Path

from drasclr_core.files import atomic
from drasclr_core.report import use_style
from drasclr_core.report.figures.way import pipeline_figure, read_way
from drasclr_core.run import Run, project_root


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True, help="a run with stages 01 to 07 of the cohort")
    parser.add_argument("--cohort", default="copd")
    parser.add_argument("--sid", default="", help="subject; by default a typical one of the third GOLD stage")
    parser.add_argument("--out", default=project_root() / "book" / "_static" / "figures" / "pipeline.png", type=Path)
    arguments = parser.parse_args()
    use_style()
    figure = pipeline_figure(read_way(Run(arguments.run, arguments.cohort), arguments.sid))
    with atomic(arguments.out) as temporary:
        figure.savefig(temporary, dpi=150)
    print(arguments.out)


if __name__ == "__main__":
    main()
