"""A small drawing kit for product pictures: smooth outlines, gradients, soft shadows.

Units are pixels of the finished picture (800 x 800), y downwards. Outlines are drawn four times larger and reduced, so
that edges are smooth; colours are mixed at the final size, which keeps a picture at a few hundredths of a second.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw, ImageFilter

SIDE = 800
_OVERSAMPLING = 4

Colour = tuple[int, int, int]
Point = tuple[float, float]
Stops = Sequence[tuple[float, Colour]]


def rgb(code: str) -> Colour:
    """Read a colour written as six hexadecimal digits."""
    return int(code[0:2], 16), int(code[2:4], 16), int(code[4:6], 16)


WHITE, BLACK = rgb("ffffff"), rgb("000000")


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with `share` (0 to 1) of `second` in it."""
    return (
        round(first[0] + (second[0] - first[0]) * share),
        round(first[1] + (second[1] - first[1]) * share),
        round(first[2] + (second[2] - first[2]) * share),
    )


def darker(colour: Colour, share: float) -> Colour:
    """A shade of the colour that stays warm instead of turning grey."""
    return mix(colour, rgb("1c1420"), share)


def lighter(colour: Colour, share: float) -> Colour:
    """A tint of the colour."""
    return mix(colour, WHITE, share)


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled outline: where it lies (left, top) and how much of each pixel it covers."""

    left: int
    top: int
    cover: Image.Image

    @property
    def size(self) -> tuple[int, int]:
        return self.cover.size

    def within(self, other: "Shape") -> "Shape":
        """The part of this shape that lies inside the other one."""
        frame = Image.new("L", self.size)
        frame.paste(other.cover, (other.left - self.left, other.top - self.top))
        return Shape(self.left, self.top, ImageChops.multiply(self.cover, frame))

    def without(self, other: "Shape") -> "Shape":
        """The part of this shape that lies outside the other one."""
        frame = Image.new("L", self.size)
        frame.paste(other.cover, (other.left - self.left, other.top - self.top))
        return Shape(self.left, self.top, ImageChops.multiply(self.cover, ImageChops.invert(frame)))

    def soft(self, radius: float) -> "Shape":
        """The same shape with an edge blurred over `radius` pixels."""
        edge = math.ceil(radius * 2.5)
        width, height = self.size
        # A wide blur has no detail, so it is computed on a smaller picture.
        step = max(1, int(radius // 4))
        frame = Image.new("L", (width + 2 * edge, height + 2 * edge))
        frame.paste(self.cover, (edge, edge))
        small = frame.reduce(step).filter(ImageFilter.GaussianBlur(radius / step))
        return Shape(self.left - edge, self.top - edge, small.resize(frame.size, Image.Resampling.BICUBIC))


def polygon(points: Sequence[Point]) -> Shape:
    """The area inside a closed outline."""
    left, top = math.floor(min(x for x, _ in points)) - 1, math.floor(min(y for _, y in points)) - 1
    width = math.ceil(max(x for x, _ in points)) + 1 - left
    height = math.ceil(max(y for _, y in points)) + 1 - top
    large = Image.new("L", (width * _OVERSAMPLING, height * _OVERSAMPLING))
    moved = [((x - left) * _OVERSAMPLING, (y - top) * _OVERSAMPLING) for x, y in points]
    ImageDraw.Draw(large).polygon(moved, fill=255)
    return Shape(left, top, large.reduce(_OVERSAMPLING))


def smooth(points: Sequence[Point], *, closed: bool = False, steps: int = 14) -> list[Point]:
    """A curve through all points (centripetal enough for hand-set points: Catmull-Rom)."""
    count = len(points)
    line: list[Point] = []
    for index in range(count if closed else count - 1):
        before = points[index - 1] if closed or index else points[0]
        start, end = points[index], points[(index + 1) % count]
        after = points[(index + 2) % count] if closed or index + 2 < count else end
        for step in range(steps):
            t = step / steps
            line.append(
                (_between(before[0], start[0], end[0], after[0], t), _between(before[1], start[1], end[1], after[1], t))
            )
    return line if closed else [*line, points[-1]]


def _between(before: float, start: float, end: float, after: float, t: float) -> float:
    bend = 2 * before - 5 * start + 4 * end - after
    twist = 3 * start - before - 3 * end + after
    return (2 * start + (end - before) * t + bend * t * t + twist * t * t * t) / 2


def ellipse(x: float, y: float, across: float, down: float, *, turned: float = 0) -> Shape:
    """An ellipse around (x, y) with the two half axes, turned by degrees."""
    return polygon(arc(x, y, across, down, 0, 360, turned=turned))


def arc(x: float, y: float, across: float, down: float, start: float, end: float, *, turned: float = 0) -> list[Point]:
    """Points on an ellipse from `start` to `end` degrees (0 is right, 90 is down)."""
    cos, sin = math.cos(math.radians(turned)), math.sin(math.radians(turned))
    # A small arc is smooth with fewer points.
    steps = max(12, round(abs(end - start) / 4 * min(1, math.sqrt(max(across, down) / 60))))
    line: list[Point] = []
    for step in range(steps + 1):
        angle = math.radians(start + (end - start) * step / steps)
        right, low = across * math.cos(angle), down * math.sin(angle)
        line.append((x + right * cos - low * sin, y + right * sin + low * cos))
    return line


def rounded(left: float, top: float, right: float, bottom: float, radius: float) -> Shape:
    """A rectangle with round corners."""
    corners = [(right - radius, bottom - radius, 0), (left + radius, bottom - radius, 90)]
    corners += [(left + radius, top + radius, 180), (right - radius, top + radius, 270)]
    return polygon([point for x, y, turn in corners for point in arc(x, y, radius, radius, turn, turn + 90)])


def turned_body(x: float, profile: Sequence[Point], *, tilt: float = 0.16) -> Shape:
    """A body as from a potter's wheel, from a profile of (height y, radius), seen from slightly above."""
    side = smooth(profile)
    foot, radius = side[-1]
    right = [(x + r, y) for y, r in side]
    left = [(x - r, y) for y, r in reversed(side)]
    return polygon([*right, *arc(x, foot, radius, radius * tilt, 0, 180), *left])


def stroke(line: Sequence[Point], start: float, end: float | None = None) -> Shape:
    """A line with a round brush, its width going from `start` to `end` (both pixels)."""
    end = start if end is None else end
    above: list[Point] = []
    below: list[Point] = []
    for index, (x, y) in enumerate(line):
        ahead, behind = line[min(index + 1, len(line) - 1)], line[max(index - 1, 0)]
        angle = math.atan2(ahead[1] - behind[1], ahead[0] - behind[0])
        half = (start + (end - start) * index / (len(line) - 1)) / 2
        above.append((x + half * math.sin(angle), y - half * math.cos(angle)))
        below.append((x - half * math.sin(angle), y + half * math.cos(angle)))
    last, first = _heading(line[-2], line[-1]), _heading(line[1], line[0])
    tip = arc(*line[-1], end / 2, end / 2, last - 90, last + 90)
    tail = arc(*line[0], start / 2, start / 2, first - 90, first + 90)
    return polygon([*above, *tip, *reversed(below), *tail])


def leaf(x: float, y: float, length: float, width: float, turned: float) -> Shape:
    """A pointed leaf growing from (x, y) towards `turned` degrees (0 is right, 90 is down)."""
    half = width / 2
    above = smooth([(0, 0), (length * 0.3, -half), (length * 0.65, -half * 0.72), (length, 0)])
    below = smooth([(length, 0), (length * 0.65, half * 0.72), (length * 0.3, half), (0, 0)])
    cos, sin = math.cos(math.radians(turned)), math.sin(math.radians(turned))
    return polygon([(x + a * cos - b * sin, y + a * sin + b * cos) for a, b in (*above, *below)])


def _heading(start: Point, end: Point) -> float:
    return math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))


@lru_cache(maxsize=512)
def _ramp(stops: tuple[tuple[float, Colour], ...], length: int) -> Image.Image:
    """Colours between stops (place from 0 to 1, colour) as a line of `length` pixels."""
    line = bytearray()
    pairs = list(pairwise(stops))
    at = 0
    for index in range(length):
        place = index / (length - 1)
        while place > pairs[at][1][0] and at < len(pairs) - 1:
            at += 1
        (start, first), (end, second) = pairs[at]
        line += bytes(mix(first, second, (place - start) / (end - start) if end > start else 1))
    return Image.frombytes("RGB", (length, 1), bytes(line))


def glazed(colour: Colour, *, shine: float = 0.34) -> Stops:
    """How light falls around a round body, from left to right: shine on the left third, reflection on the right."""
    return [
        (0.0, darker(colour, 0.30)),
        (0.07, darker(colour, 0.14)),
        (0.26, lighter(colour, shine)),
        (0.34, lighter(colour, shine * 0.8)),
        (0.56, colour),
        (0.88, darker(colour, 0.30)),
        (0.95, darker(colour, 0.33)),
        (1.0, darker(colour, 0.20)),
    ]


class Canvas:
    """One picture under the brush."""

    def __init__(self, ground: Colour, *, disc: Colour | None = None) -> None:
        sky, floor = lighter(ground, 0.35), ground
        self.image = _band([(0, sky), (0.6, mix(sky, floor, 0.5)), (1, floor)], (SIDE, SIDE), across=False)
        if disc is not None:
            self.paint(ellipse(SIDE / 2, 372, 286, 286), [(0, lighter(disc, 0.25)), (1, disc)], across=False)

    def paint(self, shape: Shape, colours: Stops | Colour, *, across: bool = True, strength: float = 1.0) -> None:
        """Fill a shape with one colour or with a gradient, `across` (left to right) or from top to bottom."""
        if isinstance(colours[0], int):
            layer = Image.new("RGB", shape.size, colours)  # type: ignore[arg-type]  # a Colour: its first item is an int
        else:
            layer = _band(colours, shape.size, across=across)  # type: ignore[arg-type]  # Stops
        cover = shape.cover if strength == 1 else shape.cover.point(_fading(strength))
        self.image.paste(layer, (shape.left, shape.top), cover)

    def shade(self, body: Shape, *, top: float = 0.0, bottom: float = 0.22) -> None:
        """Let a body grow darker from top to bottom."""
        width, height = body.size
        fall = (
            Image.linear_gradient("L").resize((width, height)).point([round(v * v / 255 * bottom) for v in range(256)])
        )
        self.paint(Shape(body.left, body.top, ImageChops.multiply(body.cover, fall)), rgb("1c1420"))
        if top:
            rise = (
                Image.linear_gradient("L")
                .resize((width, height))
                .point([round((255 - v) ** 2 / 255 * top) for v in range(256)])
            )
            self.paint(Shape(body.left, body.top, ImageChops.multiply(body.cover, rise)), rgb("1c1420"))

    def shadow(self, x: float, y: float, across: float, *, down: float = 22, strength: float = 0.34) -> None:
        """The shadow something throws on the table: a wide faint one to the right and a close dark one below."""
        tone = rgb("3a2a2a")
        self.paint(
            ellipse(x + across * 0.22, y + 4, across * 1.15, down * 1.2).soft(26), tone, strength=strength * 0.62
        )
        self.paint(ellipse(x, y, across * 0.98, down * 0.6).soft(9), tone, strength=strength)

    def gleam(
        self, line: Sequence[Point], width: float, *, within: Shape, strength: float = 0.5, blur: float = 6
    ) -> None:
        """A reflection of the window: a soft white line, only inside a body."""
        self.paint(stroke(line, width, width * 0.6).soft(blur).within(within), WHITE, strength=strength)

    def jpeg(self) -> bytes:
        """The finished picture as a JPEG file."""
        file = io.BytesIO()
        self.image.save(file, "JPEG", quality=90, subsampling=0, optimize=True)
        return file.getvalue()


def _band(stops: Stops, size: tuple[int, int], *, across: bool) -> Image.Image:
    # A small thing shows no more shades than it has pixels; even numbers let things of about one size share them.
    length = max(8, min(256, (size[0] if across else size[1]) // 8 * 8))
    line = _ramp(tuple(stops), length)
    # Smooth along the gradient alone: across it, every row is the same.
    if across:
        return line.resize((size[0], 1), Image.Resampling.BILINEAR).resize(size, Image.Resampling.NEAREST)
    upright = line.transpose(Image.Transpose.ROTATE_270)
    return upright.resize((1, size[1]), Image.Resampling.BILINEAR).resize(size, Image.Resampling.NEAREST)


@lru_cache(maxsize=64)
def _fading(strength: float) -> list[int]:
    return [round(value * strength) for value in range(256)]
