"""Charts: they are made from what was measured, and are current."""

import json
from xml.etree import ElementTree

import pytest

from docs.charts import CHARTS, IMAGES, RESULTS, pages

PAGES = pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_picture_is_current(name: str) -> None:
    assert (IMAGES / name).read_text() == PAGES[name], "run: python -m docs.charts"


def test_no_picture_is_left_over() -> None:
    charts = {path.name for path in IMAGES.glob("*.svg")} & {f"{name}.svg" for name in CHARTS}
    assert charts == set(PAGES)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_it_is_svg_with_bars_inside_it(name: str) -> None:
    root = ElementTree.fromstring(PAGES[name])
    bars = [rect for rect in root if rect.tag.endswith("rect") and rect.get("x")]
    assert len(bars) >= 5
    assert all(float(bar.get("x", 0)) + float(bar.get("width", 0)) < float(root.get("width", 0)) - 80 for bar in bars)


def test_figures_are_those_of_the_benchmark() -> None:
    rows = json.loads((RESULTS / "hit.json").read_text())["figures"]
    ours = next(r["us"] for r in rows if (r["size"], r["request"], r["server"]) == ("1.4 KB", "new header", "ragfront"))
    assert f">{ours:.1f} us<" in PAGES["hit.svg"]
    workers = json.loads((RESULTS / "workers.json").read_text())["figures"]
    assert all(f">{row['hits_per_second']:,.0f}/s<" in PAGES["workers.svg"] for row in workers)
