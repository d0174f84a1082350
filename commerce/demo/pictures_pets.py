"""Pictures for cats and dogs: a scratcher in two shapes, a harness, a round bed."""

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
    glazed,
    leaf,
    lighter,
    polygon,
    rgb,
    rounded,
    smooth,
    stroke,
)
from commerce.demo.motifs import INK, bundle, sprig

CARD = rgb("c99f6c")


def shell_scratcher(ground: Colour, disc: Colour) -> Canvas:
    """A curved scratcher with raised ends, a cat asleep in it."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(400, 634, 250, down=24)
    _sleeping_cat(canvas, 400, 404)
    upper = smooth([(116, 356), (170, 402), (260, 468), (400, 492), (540, 468), (630, 402), (684, 356)])
    lower = smooth([(706, 396), (672, 520), (600, 606), (400, 630), (200, 606), (128, 520), (94, 396)])
    body = polygon([*upper, *lower])
    canvas.paint(body, [(0, darker(CARD, 0.3)), (0.25, lighter(CARD, 0.2)), (0.6, CARD), (1, darker(CARD, 0.34))])
    for index in range(1, 9):
        share = index / 9
        line = [
            (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
            for a, b in zip(upper[::4], list(reversed(lower))[::4], strict=True)
        ]
        canvas.paint(stroke(line, 2.4).within(body), darker(CARD, 0.5), strength=0.5)
        wave = [(x, y + (9 if step % 2 else 2)) for step, (x, y) in enumerate(line)]
        canvas.paint(stroke(wave, 1.8).within(body), lighter(CARD, 0.55), strength=0.5)
    canvas.shade(body, bottom=0.3)
    canvas.paint(stroke(upper, 14), [(0, darker(CARD, 0.1)), (0.4, lighter(CARD, 0.45)), (1, darker(CARD, 0.12))])
    return canvas


def _sleeping_cat(canvas: Canvas, x: float, y: float) -> None:
    fur, pale = rgb("d98f4e"), rgb("f6e6d0")
    tail = smooth([(x + 168, y + 60), (x + 226, y - 10), (x + 214, y - 74), (x + 176, y - 84)])
    canvas.paint(stroke(tail, 42, 28), [(0, lighter(fur, 0.1)), (1, darker(fur, 0.18))])
    back = bundle(
        [
            (x - 150, y + 90),
            (x - 120, y - 10),
            (x - 10, y - 66),
            (x + 120, y - 40),
            (x + 196, y + 50),
            (x + 190, y + 100),
            (x, y + 120),
        ]
    )
    canvas.paint(back, [(0, lighter(fur, 0.2)), (0.6, fur), (1, darker(fur, 0.24))])
    canvas.shade(back, bottom=0.2)
    for dx, dy, lean in ((10, -52, 8), (58, -46, 22), (104, -26, 38)):
        stripe = smooth([(x + dx, y + dy - 10), (x + dx + lean * 0.4, y + dy + 26), (x + dx + lean * 0.2, y + dy + 54)])
        canvas.paint(stroke(stripe, 14, 5).within(back), darker(fur, 0.34), strength=0.6)
    for side in (-1, 1):
        ear = polygon([(x - 116 + side * 58, y - 22), (x - 116 + side * 62, y - 92), (x - 116 + side * 16, y - 56)])
        canvas.paint(ear, darker(fur, 0.08))
        inner = polygon([(x - 116 + side * 52, y - 36), (x - 116 + side * 55, y - 74), (x - 116 + side * 28, y - 52)])
        canvas.paint(inner, rgb("eeb9a4"))
    head = ellipse(x - 116, y + 10, 84, 72)
    canvas.paint(head, [(0, lighter(fur, 0.22)), (0.6, fur), (1, darker(fur, 0.16))])
    canvas.paint(ellipse(x - 120, y + 46, 44, 30).within(head), pale)
    for dx in (-26, 0, 26):
        canvas.paint(
            stroke([(x - 116 + dx, y - 54), (x - 116 + dx * 0.8, y - 26)], 9, 3).within(head),
            darker(fur, 0.34),
            strength=0.6,
        )
    for dx in (-36, 30):
        canvas.paint(stroke(arc(x - 118 + dx, y + 4, 15, 10, 15, 165), 4.5), INK, strength=0.85)
    canvas.paint(polygon([(x - 130, y + 28), (x - 110, y + 28), (x - 120, y + 38)]), rgb("c9756a"))
    for dx in (-10, 10):
        canvas.paint(stroke(arc(x - 120 + dx, y + 40, 10, 8, 20, 160), 3), INK, strength=0.7)
    for side in (-1, 1):
        for dy in (34, 44):
            canvas.paint(
                stroke([(x - 120 + side * 34, y + dy), (x - 120 + side * 92, y + dy - 10 + (dy - 34))], 1.8),
                WHITE,
                strength=0.8,
            )


def board_scratcher(ground: Colour, disc: Colour) -> Canvas:
    """A flat scratching board, catnip and a ball of yarn on it."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(400, 612, 260, down=24)
    top = polygon([(220, 330), (668, 330), (724, 520), (100, 520)])
    canvas.paint(top, [(0, lighter(CARD, 0.3)), (1, CARD)], across=False)
    for index in range(27):
        share = index / 26
        start, end = (220 + 448 * share, 330), (100 + 624 * share, 520)
        canvas.paint(stroke([start, end], 3, 5).within(top), darker(CARD, 0.5), strength=0.34)
        middle = [(start[0] + 8 + (end[0] - start[0] + 4) * step / 12, 330 + 190 * step / 12) for step in range(13)]
        canvas.paint(
            stroke([(x + (4 if step % 2 else -4), y) for step, (x, y) in enumerate(middle)], 2).within(top),
            lighter(CARD, 0.6),
            strength=0.6,
        )
    front = polygon([(100, 520), (724, 520), (716, 606), (108, 606)])
    canvas.paint(front, [(0, darker(CARD, 0.16)), (0.3, lighter(CARD, 0.1)), (1, darker(CARD, 0.26))])
    canvas.shade(front, bottom=0.26)
    sprig(canvas, 412, 578, 44, darker(CARD, 0.55), strength=0.7)
    canvas.paint(stroke([(100, 520), (724, 520)], 5), lighter(CARD, 0.5))
    for x in (330, 352, 374):
        canvas.paint(stroke([(x, 372), (x - 26, 452)], 5, 2).within(top), darker(CARD, 0.6), strength=0.6)
    canvas.shadow(536, 420, 82, down=14, strength=0.36)
    yarn, tone = ellipse(530, 352, 78, 78), rgb("c9695a")
    canvas.paint(yarn, glazed(tone, shine=0.3))
    for turn in (20, 80, 140):
        for across in (14, 34, 54):
            canvas.paint(
                stroke(arc(530, 352, 77, across, 180, 360, turned=turn), 4).within(yarn),
                darker(tone, 0.4),
                strength=0.4,
            )
    canvas.shade(yarn, bottom=0.26)
    canvas.paint(
        stroke(smooth([(578, 412), (640, 440), (610, 476), (666, 492), (716, 470)]), 6),
        [(0, tone), (1, darker(tone, 0.14))],
    )
    canvas.shadow(252, 470, 56, down=10, strength=0.3)
    sachet = polygon([(204, 354), (300, 346), (310, 464), (210, 472)])
    canvas.paint(sachet, [(0, rgb("dcd3b8")), (0.4, rgb("f8f1de")), (1, rgb("cfc4a4"))])
    canvas.paint(polygon([(204, 354), (300, 346), (301, 370), (206, 378)]), rgb("7f9a68"))
    for turn in (-130, -50, -90):
        canvas.paint(leaf(257, 436, 42, 18, turn), rgb("7f9a68"))
    return canvas


def harness(cloth: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A dog harness laid flat: collar, padded chest, side straps with buckles, two rings."""
    canvas = Canvas(ground, disc=disc)
    strap, steel = darker(cloth, 0.42), rgb("c9ced2")
    _straps(canvas, cloth, strap)
    chest = bundle(
        [
            (318, 316),
            (400, 340),
            (482, 316),
            (530, 400),
            (556, 520),
            (520, 616),
            (400, 650),
            (280, 616),
            (244, 520),
            (270, 400),
        ]
    )
    canvas.paint(Shape(chest.left + 6, chest.top + 14, chest.cover).soft(12), INK, strength=0.3)
    canvas.paint(chest, [(0, darker(cloth, 0.18)), (0.3, lighter(cloth, 0.18)), (0.6, cloth), (1, darker(cloth, 0.26))])
    _mesh(canvas, cloth)
    canvas.shade(chest, bottom=0.2)
    edge = smooth(
        [
            (330, 334),
            (400, 356),
            (470, 334),
            (514, 404),
            (538, 520),
            (506, 602),
            (400, 632),
            (294, 602),
            (262, 520),
            (286, 404),
            (330, 334),
        ]
    )
    canvas.paint(stroke(edge, 3.4), rgb("eef2e8"), strength=0.9)
    canvas.paint(rounded(374, 344, 426, 640, 8), [(0, lighter(strap, 0.1)), (0.5, strap), (1, darker(strap, 0.2))])
    canvas.paint(rounded(352, 462, 448, 526, 10), [(0, lighter(strap, 0.16)), (1, darker(strap, 0.2))], across=False)
    sprig(canvas, 400, 508, 36, rgb("eef2e8"), strength=0.9)
    for y in (372, 590):
        canvas.paint(
            stroke(arc(400, y, 25, 25, 0, 360), 9), [(0, darker(steel, 0.35)), (0.4, WHITE), (1, darker(steel, 0.4))]
        )
        canvas.paint(rounded(380, y - 34, 420, y - 18, 5), lighter(strap, 0.2))
    for x, y, turn in ((126, 512, -1), (674, 512, 1), (290, 158, 0)):
        _buckle(canvas, x, y, turn)
    return canvas


def _straps(canvas: Canvas, cloth: Colour, strap: Colour) -> None:
    for points in (
        [(268, 470), (170, 452), (116, 500), (150, 566), (262, 590)],
        [(532, 470), (630, 452), (684, 500), (650, 566), (538, 590)],
    ):
        line = smooth(points)
        canvas.paint(stroke([(x + 5, y + 10) for x, y in line], 34).soft(8), INK, strength=0.26)
        canvas.paint(stroke(line, 34), [(0, lighter(strap, 0.12)), (0.5, strap), (1, darker(strap, 0.2))])
        canvas.paint(stroke(line, 3), rgb("eef2e8"), strength=0.85)
    loop = arc(400, 236, 118, 112, 130, 410)
    canvas.paint(stroke([(x + 5, y + 10) for x, y in loop], 44).soft(9), INK, strength=0.26)
    canvas.paint(stroke(loop, 46), [(0, darker(cloth, 0.1)), (0.4, lighter(cloth, 0.2)), (1, darker(cloth, 0.2))])
    canvas.paint(stroke(arc(400, 236, 132, 126, 140, 400), 3), rgb("eef2e8"), strength=0.85)


def _mesh(canvas: Canvas, cloth: Colour) -> None:
    mesh = bundle(
        [
            (334, 360),
            (400, 380),
            (466, 360),
            (500, 430),
            (516, 520),
            (488, 588),
            (400, 612),
            (312, 588),
            (284, 520),
            (300, 430),
        ]
    )
    canvas.paint(mesh, darker(cloth, 0.16))
    for row in range(15):
        y = 376 + row * 16
        dots = [(290 + column * 16 + (row % 2) * 8, y) for column in range(15)]
        canvas.paint(stroke(dots, 2).within(mesh), lighter(cloth, 0.4), strength=0.35)
        canvas.paint(stroke([(x - 4, y + 8) for x, y in dots], 3).within(mesh), darker(cloth, 0.5), strength=0.25)


def _buckle(canvas: Canvas, x: float, y: float, turn: int) -> None:
    wide, high = (26, 44) if turn else (30, 26)
    plastic = rgb("2f3236")
    clip = rounded(x - wide, y - high, x + wide, y + high, 10)
    canvas.paint(Shape(clip.left + 2, clip.top + 6, clip.cover).soft(5), INK, strength=0.35)
    canvas.paint(clip, [(0, lighter(plastic, 0.3)), (0.5, plastic), (1, darker(plastic, 0.3))])
    canvas.paint(rounded(x - wide + 9, y - 8, x + wide - 9, y + 8, 5), lighter(plastic, 0.22))


def pet_bed(fleece: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A round bed with a thick fleece wall and a loose cushion, a bone beside it."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(400, 610, 272, down=30)
    base = bundle(
        [
            (120, 430),
            (200, 312),
            (400, 268),
            (600, 312),
            (680, 430),
            (668, 544),
            (560, 616),
            (400, 632),
            (240, 616),
            (132, 544),
        ]
    )
    canvas.paint(
        base, [(0, darker(fleece, 0.22)), (0.25, lighter(fleece, 0.2)), (0.6, fleece), (1, darker(fleece, 0.3))]
    )
    canvas.shade(base, bottom=0.3)
    dice = random.Random(27)
    for _ in range(120):
        angle, far = dice.uniform(0, 2 * math.pi), dice.uniform(0.72, 1.0)
        x, y = 400 + 282 * far * math.cos(angle), 438 + 176 * far * math.sin(angle) + 10
        curl = stroke(arc(x, y, 11, 9, 170 + dice.uniform(-30, 30), 330), 4)
        canvas.paint(curl.within(base), lighter(fleece, 0.6), strength=0.55)
    well = ellipse(400, 424, 206, 112)
    canvas.paint(well.soft(10).within(base), darker(fleece, 0.55), strength=0.5)
    canvas.paint(well, [(0, darker(fleece, 0.4)), (0.5, darker(fleece, 0.2)), (1, darker(fleece, 0.36))])
    pad = ellipse(400, 444, 192, 92)
    canvas.paint(pad.within(well), [(0, lighter(fleece, 0.3)), (0.4, lighter(fleece, 0.6)), (1, lighter(fleece, 0.2))])
    canvas.paint(ellipse(400, 436, 70, 28).soft(20).within(well), darker(fleece, 0.4), strength=0.34)
    canvas.paint(stroke(arc(400, 444, 186, 88, 10, 170), 4).within(well), darker(fleece, 0.4), strength=0.35)
    front = polygon([*arc(400, 424, 212, 118, 8, 172), *arc(400, 470, 200, 112, 172, 8)])
    canvas.paint(front.soft(4), lighter(fleece, 0.42), strength=0.75)
    tag = rounded(366, 566, 434, 606, 5)
    canvas.paint(tag, [(0, rgb("b98a57")), (1, rgb("93683c"))])
    _paw(canvas, 400, 588)
    _bone(canvas, 616, 640)
    return canvas


def _paw(canvas: Canvas, x: float, y: float) -> None:
    canvas.paint(ellipse(x, y + 4, 9, 7), rgb("f3e2c4"))
    for dx, dy in ((-11, -4), (-4, -10), (4, -10), (11, -4)):
        canvas.paint(ellipse(x + dx, y + dy, 3.4, 4), rgb("f3e2c4"))


def _bone(canvas: Canvas, x: float, y: float) -> None:
    tone = rgb("f1e6d0")
    canvas.shadow(x, y + 20, 84, down=10, strength=0.3)
    for a, b in ((-60, 6), (-54, -18), (56, 2), (62, 24)):
        canvas.paint(ellipse(x + a, y + b - 6, 22, 19), [(0, lighter(tone, 0.4)), (1, darker(tone, 0.2))], across=False)
    canvas.paint(
        stroke([(x - 52, y - 12), (x + 54, y + 6)], 30),
        [(0, lighter(tone, 0.4)), (1, darker(tone, 0.18))],
        across=False,
    )
