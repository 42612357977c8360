"""The fan-out as a picture: what a delivery costs, two bars for each audience and rate."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from bench.fanout_cells import Cell
from bench.tiers import TOWNHALL

WIDTH, LEFT, RIGHT, TOP = 860, 190, 250, 66
BAR, GAP = 15, 12
INK, FAINT = "#16181d", "#5b6270"
OURS, THEIRS = "#1f5fbf", "#b9bfca"
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="system-ui,'
    ' sans-serif" font-size="13" role="img" aria-labelledby="t">\n'
    '<title id="t">CPU per message delivered: Townhall, and Socket.IO on Node.js</title>\n'
    '<rect width="{width}" height="{height}" fill="#fff"/>\n'
    '<text x="20" y="28" font-size="16" font-weight="700" fill="{ink}">CPU per message delivered,'
    " all server processes together</text>\n"
    '<text x="20" y="50" fill="{faint}">viewers, messages a second; '
    '<tspan fill="{ours}" font-weight="700">Townhall</tspan> and Socket.IO with the Redis adapter '
    "on Node.js, two nodes each</text>\n"
)


def draw(cells: Sequence[Cell]) -> str:
    """An SVG of the cells, which come in the order of viewers and rate."""
    groups = [list(group) for _, group in groupby(cells, lambda c: (c.viewers, c.rate))]
    height = TOP + sum(len(group) * BAR + GAP for group in groups) + GAP
    head = HEAD.format(width=WIDTH, height=height, ink=INK, faint=FAINT, ours=OURS)
    return head + "".join(_rows(groups)) + "</svg>\n"


def _rows(groups: Sequence[Sequence[Cell]]) -> Iterator[str]:
    most, y = max(cell.cost for group in groups for cell in group), TOP
    for group in groups:
        name = f"{group[0].viewers:,} viewers, {group[0].rate:g}/s"
        middle = y + len(group) * BAR / 2 + 4
        yield f'<text x="{LEFT - 12}" y="{middle:g}" text-anchor="end" fill="{INK}">{name}</text>\n'
        for cell in sorted(group, key=lambda cell: cell.tier != TOWNHALL):
            yield _bar(cell, cell.cost / most * (WIDTH - LEFT - RIGHT), y)
            y += BAR
        y += GAP


def _bar(cell: Cell, width: float, y: int) -> str:
    colour = OURS if cell.tier == TOWNHALL else THEIRS
    text = f"{cell.cost * 1e6:.1f} µs"
    if not cell.sustained:
        text += f", too much: {cell.delivered:,.0f} of {cell.offered:,.0f} a second"
    x = LEFT + width + 6
    return (
        f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR - 2}" fill="{colour}"/>'
        f'<text x="{x:.1f}" y="{y + 11}" font-size="12" fill="{FAINT}">{text}</text>\n'
    )
