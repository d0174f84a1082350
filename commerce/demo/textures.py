"""What several pictures need besides plain shapes: many outlines at once, woven cloth, stitches, mirrored outlines."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from PIL import Image, ImageDraw

from commerce.demo.canvas import SIDE, Canvas, Colour, Point, Shape, arc, darker, lighter, rgb

_OVERSAMPLING = 3
MIDDLE = SIDE / 2


def together(outlines: Iterable[Sequence[Point]]) -> Shape:
    """The areas inside many closed outlines as one shape, which is quicker than painting each of them."""
    drawn = [list(outline) for outline in outlines]
    left = math.floor(min(x for outline in drawn for x, _ in outline)) - 1
    top = math.floor(min(y for outline in drawn for _, y in outline)) - 1
    width = math.ceil(max(x for outline in drawn for x, _ in outline)) + 1 - left
    height = math.ceil(max(y for outline in drawn for _, y in outline)) + 1 - top
    large = Image.new("L", (width * _OVERSAMPLING, height * _OVERSAMPLING))
    brush = ImageDraw.Draw(large)
    for outline in drawn:
        brush.polygon([((x - left) * _OVERSAMPLING, (y - top) * _OVERSAMPLING) for x, y in outline], fill=255)
    return Shape(left, top, large.reduce(_OVERSAMPLING))


def hatched(body: Shape, step: int, *, slope: float = 1.0, width: int = 1) -> Shape:
    """Parallel lines inside a body, `step` pixels apart, rising by `slope` (0 is level, large is upright)."""
    across, down = body.size
    frame = Image.new("L", (across, down))
    brush = ImageDraw.Draw(frame)
    if abs(slope) > 1:
        run = round(down / slope)
        for x in range(min(0, -run), across + max(0, -run) + abs(run), step):
            brush.line((x, 0, x - run, down), fill=255, width=width)
    else:
        rise = round(across * slope)
        for y in range(min(0, rise), down + max(0, rise), step):
            brush.line((0, y, across, y - rise), fill=255, width=width)
    return Shape(body.left, body.top, frame).within(body)


def weave(canvas: Canvas, body: Shape, tone: Colour, *, step: int = 5, strength: float = 0.07) -> None:
    """Let a body look woven."""
    canvas.paint(hatched(body, step, slope=0), tone, strength=strength)
    canvas.paint(hatched(body, step, slope=99), tone, strength=strength)


def dyed(colour: Colour) -> list[tuple[float, Colour]]:
    """How light falls on cloth or leather: soft, from the left."""
    return [(0.0, darker(colour, 0.11)), (0.3, lighter(colour, 0.17)), (0.6, colour), (1.0, darker(colour, 0.18))]


def stitched(line: Sequence[Point], *, length: float = 9, gap: float = 7, width: float = 2.4) -> Shape:
    """A seam along a line: short dashes."""
    dashes: list[list[Point]] = []
    place, drawing = 0.0, True
    start = line[0]
    for before, point in pairwise(line):
        place += math.dist(before, point)
        if place < (length if drawing else gap):
            continue
        if drawing:
            dashes.append(bar(start, point, width))
        start, place, drawing = point, 0.0, not drawing
    return together(dashes)


def bar(start: Point, end: Point, width: float) -> list[Point]:
    """The outline of a straight line of this width."""
    turn = math.atan2(end[1] - start[1], end[0] - start[0])
    right, low = width / 2 * math.sin(turn), width / 2 * math.cos(turn)
    return [
        (start[0] + right, start[1] - low),
        (end[0] + right, end[1] - low),
        (end[0] - right, end[1] + low),
        (start[0] - right, start[1] + low),
    ]


def straight(start: Point, end: Point, *, steps: int = 60) -> list[Point]:
    """Points along a straight line."""
    return [
        (start[0] + (end[0] - start[0]) * step / steps, start[1] + (end[1] - start[1]) * step / steps)
        for step in range(steps + 1)
    ]


def mirrored(line: Sequence[Point], *, about: float = MIDDLE) -> list[Point]:
    """A closed outline from its left half, given from top to bottom."""
    return [*line, *((2 * about - x, y) for x, y in reversed(line) if x != about)]


def other_side(line: Sequence[Point], *, about: float = MIDDLE) -> list[Point]:
    """A line as in a mirror."""
    return [(2 * about - x, y) for x, y in line]


def box(left: float, top: float, right: float, bottom: float, radius: float) -> list[Point]:
    """The outline of a rectangle with round corners."""
    corners = [(right - radius, bottom - radius, 0), (left + radius, bottom - radius, 90)]
    corners += [(left + radius, top + radius, 180), (right - radius, top + radius, 270)]
    return [point for x, y, turn in corners for point in arc(x, y, radius, radius, turn, turn + 90)]


def turned(points: Sequence[Point], degrees: float, *, about: Point) -> list[Point]:
    """An outline turned clockwise around a point."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [
        (about[0] + (x - about[0]) * cos - (y - about[1]) * sin, about[1] + (x - about[0]) * sin + (y - about[1]) * cos)
        for x, y in points
    ]


def laid(canvas: Canvas, body: Shape, *, right: int = 10, down: int = 16, blur: float = 16) -> None:
    """The soft shadow of something flat that hangs in front of the wall."""
    shade = Shape(body.left + right, body.top + down, body.cover).soft(blur)
    canvas.paint(shade, rgb("3a2a2a"), strength=0.26)
