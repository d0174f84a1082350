"""What several product pictures have in common: blossoms, wood grain, glass, a paper label."""

import math
import random

from commerce.demo.canvas import (
    WHITE,
    Canvas,
    Colour,
    Shape,
    arc,
    darker,
    ellipse,
    leaf,
    lighter,
    polygon,
    rgb,
    rounded,
    smooth,
    stroke,
)

GOLD, INK, PAPER = rgb("b99a5b"), rgb("3a2a2a"), rgb("f4ead6")


def blossom(canvas: Canvas, x: float, y: float, size: float, petal: Colour, heart: Colour, *, petals: int = 5) -> None:
    """An open flower seen slightly from above, `size` from its heart to the tip of a petal."""
    for index in range(petals):
        angle = 360 * index / petals - 90
        tip = (x + math.cos(math.radians(angle)) * size * 0.52, y + math.sin(math.radians(angle)) * size * 0.44)
        shape = ellipse(*tip, size * 0.5, size * min(0.34, 1.9 / petals), turned=angle)
        canvas.paint(shape, [(0, lighter(petal, 0.4)), (1, darker(petal, 0.12))], across=False)
        canvas.paint(stroke([(x, y), tip], 1.6), darker(petal, 0.3), strength=0.4)
    canvas.paint(ellipse(x, y, size * 0.17, size * 0.15), [(0, lighter(heart, 0.4)), (1, darker(heart, 0.2))])


def grain(canvas: Canvas, board: Shape, tone: Colour, *, seed: int, lines: int = 14, upright: bool = False) -> None:
    """Lines of wood grain along a board, the same at every drawing."""
    dice = random.Random(seed)
    left, top = board.left, board.top
    width, height = board.size
    long, wide = (height, width) if upright else (width, height)
    for index in range(lines):
        at = wide * (index + dice.uniform(0.2, 0.8)) / lines
        bends = [(long * step / 4, at + dice.uniform(-0.3, 0.3) * wide / lines) for step in range(5)]
        line = smooth([(left + b, top + a) if upright else (left + a, top + b) for a, b in bends], steps=8)
        canvas.paint(
            stroke(line, dice.uniform(1, 3)).within(board), darker(tone, 0.45), strength=dice.uniform(0.14, 0.34)
        )


def glass(canvas: Canvas, body: Shape, left: float, right: float, top: float, bottom: float) -> None:
    """The shine of a glass wall: a broad reflection on the left, a narrow one on the right, thin dark sides."""
    canvas.paint(body, WHITE, strength=0.10)
    canvas.gleam([(left + 26, top), (left + 24, bottom)], 22, within=body, strength=0.75, blur=6)
    canvas.gleam([(right - 24, top), (right - 22, bottom)], 9, within=body, strength=0.6, blur=3)
    for x in (left, right):
        canvas.paint(stroke([(x, top), (x, bottom)], 3).within(body), rgb("8f9a94"), strength=0.4)


def sprig(canvas: Canvas, x: float, y: float, size: float, tone: Colour, *, strength: float = 1.0) -> None:
    """The shop's mark: three leaves on a stem."""
    for turn, length in ((-132, 0.66), (-48, 0.66), (-90, 1.0)):
        canvas.paint(leaf(x, y, size * length, size * 0.28, turn), tone, strength=strength)
    canvas.paint(stroke([(x, y - 4), (x, y + size * 0.26)], 4, 2.5), tone, strength=strength)


def label(canvas: Canvas, left: float, top: float, right: float, bottom: float, *, band: Colour) -> None:
    """A paper label with a thin frame, the shop's mark and two lines of print."""
    paper = rounded(left, top, right, bottom, 8)
    canvas.paint(Shape(paper.left + 2, paper.top + 4, paper.cover).soft(5), INK, strength=0.25)
    canvas.paint(paper, [(0, lighter(PAPER, 0.3)), (1, darker(PAPER, 0.06))])
    middle, width, height = (left + right) / 2, right - left, bottom - top
    for y in (top + 9, bottom - 9):
        canvas.paint(stroke([(left + 9, y), (right - 9, y)], 1.8), GOLD, strength=0.8)
    sprig(canvas, middle, top + height * 0.5, height * 0.28, band)
    for place, share in ((0.70, 0.56), (0.80, 0.36)):
        half = width * share / 2
        canvas.paint(
            stroke([(middle - half, top + height * place), (middle + half, top + height * place)], 4),
            INK,
            strength=0.55,
        )


def folds(
    canvas: Canvas, cloth: Shape, lines: list[list[tuple[float, float]]], tone: Colour, width: float = 12
) -> None:
    """Soft creases in cloth: each a dark line with a light edge above it."""
    for line in lines:
        bent = smooth(line, steps=8)
        canvas.paint(stroke(bent, width, width * 0.4).soft(6).within(cloth), darker(tone, 0.5), strength=0.3)
        above = [(x - width * 0.4, y - width * 0.6) for x, y in bent]
        canvas.paint(stroke(above, width * 0.7, 2).soft(5).within(cloth), lighter(tone, 0.7), strength=0.35)


def rim(
    canvas: Canvas, x: float, y: float, across: float, tone: Colour, *, down: float = 0.2, width: float = 5
) -> None:
    """The upper edge of a round vessel."""
    canvas.paint(stroke(arc(x, y, across, across * down, 0, 360), width), tone, strength=0.9)


def heap(x: float, y: float, across: float, high: float, count: int, *, seed: int) -> list[tuple[float, float, float]]:
    """Places of the pieces of a small heap, the upper ones first behind: (x, y, a number from 0 to 1 for each)."""
    dice = random.Random(seed)
    places = []
    for _ in range(count):
        side, height = dice.uniform(-1, 1), dice.random()
        places.append((x + side * across * (1 - height * 0.7), y - height * high + dice.uniform(-3, 6), dice.random()))
    return sorted(places, key=lambda place: place[1])


def bundle(points: list[tuple[float, float]]) -> Shape:
    """A smooth closed outline."""
    return polygon(smooth(points, closed=True))
