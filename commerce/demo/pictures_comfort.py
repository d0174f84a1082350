"""Pictures of home textiles and decor: bedding, a knitted throw, cushions, a candle, a vase."""

import math
import random
from collections.abc import Sequence

from commerce.demo.canvas import (
    WHITE,
    Canvas,
    Colour,
    Point,
    Shape,
    darker,
    ellipse,
    glazed,
    leaf,
    lighter,
    mix,
    polygon,
    rgb,
    rounded,
    smooth,
    stroke,
    turned_body,
)
from commerce.demo.motifs import INK, blossom, bundle, folds, glass, label, rim

WOOD = rgb("a9764b")
_PADDED: Sequence[Point] = (
    (-1, -1),
    (-0.5, -0.93),
    (0, -0.9),
    (0.5, -0.93),
    (1, -1),
    (0.93, -0.5),
    (0.9, 0),
    (0.93, 0.5),
    (1, 1),
    (0.5, 0.94),
    (0, 0.92),
    (-0.5, 0.94),
    (-1, 1),
    (-0.93, 0.5),
    (-0.9, 0),
    (-0.93, -0.5),
)


def bedding(cloth: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A folded set of bed linen tied with a ribbon, two pillows on top."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(400, 636, 236, down=24)
    for top, inset, tone in ((548, 0, darker(cloth, 0.06)), (470, 10, cloth), (396, 4, lighter(cloth, 0.16))):
        left, right = 176 + inset, 626 - inset
        layer = rounded(left, top, right, top + 92, 42)
        canvas.paint(layer, [(0, darker(tone, 0.2)), (0.2, lighter(tone, 0.14)), (0.6, tone), (1, darker(tone, 0.26))])
        canvas.shade(layer, bottom=0.3)
        canvas.paint(
            stroke([(left + 36, top + 8), (right - 60, top + 8)], 9).soft(4).within(layer), WHITE, strength=0.5
        )
        for y in (top + 36, top + 58):
            line = smooth([(left + 8, y + 4), (left + 140, y), (right - 140, y + 3), (right - 18, y - 2)])
            canvas.paint(stroke(line, 4, 2).soft(1.5).within(layer), darker(tone, 0.5), strength=0.3)
        spiral = stroke(
            smooth([(right - 8, top + 52), (right - 30, top + 30), (right - 54, top + 48), (right - 34, top + 64)]),
            4,
            2,
        )
        canvas.paint(spiral.within(layer), darker(tone, 0.5), strength=0.35)
    for x, y, size, tone in ((430, 300, 1.0, darker(cloth, 0.08)), (384, 336, 1.06, lighter(cloth, 0.22))):
        _pillow(canvas, x, y, size, tone)
    ribbon = rgb("b98a63") if sum(cloth) > 300 else rgb("d9c3a0")
    canvas.paint(
        polygon([(384, 398), (416, 398), (420, 638), (380, 638)]),
        [(0, darker(ribbon, 0.1)), (0.4, lighter(ribbon, 0.2)), (1, darker(ribbon, 0.2))],
        strength=0.92,
    )
    tag = rounded(360, 486, 440, 566, 6)
    canvas.paint(Shape(tag.left + 2, tag.top + 4, tag.cover).soft(5), INK, strength=0.4)
    canvas.paint(tag, [(0, rgb("faf4e8")), (1, rgb("e8dcc4"))])
    for turn in (-130, -90, -50):
        canvas.paint(leaf(400, 530, 30, 11, turn), rgb("8f7a54"))
    canvas.paint(stroke([(382, 548), (418, 548)], 3), INK, strength=0.5)
    return canvas


def _pillow(canvas: Canvas, x: float, y: float, size: float, tone: Colour) -> None:
    corners = [
        (-206, -58),
        (-100, -72),
        (0, -78),
        (100, -72),
        (206, -58),
        (198, 0),
        (208, 62),
        (100, 72),
        (0, 76),
        (-100, 72),
        (-208, 62),
        (-198, 0),
    ]
    shape = bundle([(x + a * size, y + b * size) for a, b in corners])
    canvas.paint(Shape(shape.left + 4, shape.top + 12, shape.cover).soft(9), INK, strength=0.28)
    canvas.paint(shape, [(0, darker(tone, 0.18)), (0.3, lighter(tone, 0.28)), (0.6, tone), (1, darker(tone, 0.24))])
    canvas.shade(shape, bottom=0.26)
    canvas.paint(
        ellipse(x - 50 * size, y - 26 * size, 110 * size, 28 * size).soft(20).within(shape), WHITE, strength=0.4
    )
    creases = [
        [(x + side * 200 * size, y + b * size), (x + side * 150 * size, y + b * 0.6 * size)]
        for side in (-1, 1)
        for b in (-44, 46)
    ]
    folds(canvas, shape, creases, tone, 9)


def throw(wool: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A cable-knit throw over a wooden rail, its fringe hanging."""
    canvas = Canvas(ground, disc=disc)
    for x in (196, 604):
        canvas.shadow(x, 660, 44, down=12, strength=0.3)
        canvas.paint(
            rounded(x - 11, 150, x + 11, 662, 8),
            [(0, darker(WOOD, 0.2)), (0.4, lighter(WOOD, 0.25)), (1, darker(WOOD, 0.3))],
        )
    canvas.paint(
        rounded(150, 190, 650, 216, 12), [(0, lighter(WOOD, 0.3)), (0.5, WOOD), (1, darker(WOOD, 0.3))], across=False
    )
    back = polygon([(272, 196), (560, 196), (562, 560), (278, 566)])
    canvas.paint(back, darker(wool, 0.34))
    cloth = polygon(
        [
            *smooth([(238, 214), (252, 186), (290, 178), (500, 178), (540, 186), (552, 214)]),
            *smooth([(558, 400), (552, 590)]),
            *smooth([(548, 594), (400, 602), (240, 594)]),
            (234, 400),
        ]
    )
    canvas.paint(Shape(cloth.left + 12, cloth.top + 10, cloth.cover).soft(12), INK, strength=0.28)
    canvas.paint(
        cloth,
        [
            (0, darker(wool, 0.16)),
            (0.18, lighter(wool, 0.16)),
            (0.5, wool),
            (0.8, lighter(wool, 0.08)),
            (1, darker(wool, 0.24)),
        ],
    )
    _cables(canvas, cloth, wool)
    canvas.shade(cloth, bottom=0.14)
    canvas.paint(rounded(236, 176, 554, 204, 13).soft(7).within(cloth), WHITE, strength=0.35)
    canvas.paint(stroke([(238, 226), (552, 226)], 12).soft(7).within(cloth), INK, strength=0.22)
    _fringe(canvas, wool)
    return canvas


def _fringe(canvas: Canvas, wool: Colour) -> None:
    dice = random.Random(17)
    for x in range(246, 552, 17):
        end = (x + dice.uniform(-5, 5), 646 + dice.uniform(-7, 7))
        canvas.paint(
            stroke(smooth([(x, 592), (x + dice.uniform(-4, 4), 618), end], steps=6), 8, 5),
            [(0, lighter(wool, 0.2)), (1, darker(wool, 0.28))],
        )
        canvas.paint(ellipse(x, 604, 7, 6), lighter(wool, 0.14))


def _cables(canvas: Canvas, cloth: Shape, wool: Colour) -> None:
    for column in range(5):
        x = 270 + column * 62
        for row in range(13):
            y = 206 + row * 31
            for side in (-1, 1):
                stitch = ellipse(x + side * 11, y, 20, 11, turned=side * 42)
                canvas.paint(stitch.within(cloth), [(0, lighter(wool, 0.34)), (1, darker(wool, 0.2))], across=False)
        for edge in (-31, 31):
            canvas.paint(
                stroke([(x + edge, 190), (x + edge, 596)], 5).soft(2).within(cloth), darker(wool, 0.5), strength=0.32
            )


def cushion(linen: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A square linen cushion with piping, a lumbar cushion leaning against it."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(400, 640, 232, down=24)
    _padded(canvas, 384, 372, 228, 232, -5, linen)
    _padded(canvas, 438, 548, 206, 104, 4, lighter(linen, 0.22))
    return canvas


def _padded(canvas: Canvas, x: float, y: float, across: float, down: float, tilt: float, tone: Colour) -> None:
    cos, sin = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    outline = smooth(
        [(x + a * across * cos - b * down * sin, y + a * across * sin + b * down * cos) for a, b in _PADDED],
        closed=True,
        steps=8,
    )
    body = polygon(outline)
    canvas.paint(Shape(body.left + 6, body.top + 12, body.cover).soft(12), INK, strength=0.3)
    canvas.paint(body, [(0, darker(tone, 0.2)), (0.32, lighter(tone, 0.2)), (0.6, tone), (1, darker(tone, 0.3))])
    _threads(canvas, body, (x, y, across, down, tilt), tone)
    canvas.shade(body, bottom=0.3)
    canvas.paint(
        ellipse(x - across * 0.3, y - down * 0.32, across * 0.46, down * 0.34).soft(26).within(body),
        WHITE,
        strength=0.17,
    )
    creases = [
        [(x + side * across * 0.97, y + end * down * 0.95), (x + side * across * 0.66, y + end * down * 0.66)]
        for side in (-1, 1)
        for end in (-1, 1)
    ]
    folds(canvas, body, creases, tone, 12)
    canvas.paint(
        stroke([*outline, outline[0]], 7), [(0, darker(tone, 0.12)), (0.4, lighter(tone, 0.26)), (1, darker(tone, 0.3))]
    )


def _threads(canvas: Canvas, body: Shape, place: tuple[float, float, float, float, float], tone: Colour) -> None:
    """The uneven threads of linen, a few lighter and a few darker ones."""
    x, y, across, down, tilt = place
    cos, sin = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    dice = random.Random(19)
    for _ in range(46):
        at = dice.uniform(-0.95, 0.95)
        flat = dice.random() < 0.5
        ends = ((-1.0, at), (1.0, at + 0.02)) if flat else ((at, -1.0), (at + 0.02, 1.0))
        line = [(x + a * across * cos - b * down * sin, y + a * across * sin + b * down * cos) for a, b in ends]
        canvas.paint(
            stroke(line, dice.uniform(1, 2)).within(body),
            lighter(tone, 0.6) if dice.random() < 0.5 else darker(tone, 0.5),
            strength=0.12,
        )


def candle(band: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A burning candle in a glass, on a wooden coaster, a box of matches beside it."""
    canvas = Canvas(ground, disc=disc)
    wax = rgb("f5ecd8")
    canvas.paint(ellipse(380, 210, 190, 170).soft(60), rgb("fff0c4"), strength=0.85)
    canvas.shadow(390, 652, 190, down=20)
    coaster = turned_body(380, [(612, 182), (620, 186), (636, 184)], tilt=0.16)
    canvas.paint(coaster, glazed(WOOD, shine=0.3))
    canvas.paint(
        ellipse(380, 612, 182, 30), [(0, darker(WOOD, 0.05)), (0.4, lighter(WOOD, 0.3)), (1, darker(WOOD, 0.15))]
    )
    cup = turned_body(380, [(288, 140), (310, 141), (560, 139), (600, 134), (610, 126)], tilt=0.18)
    canvas.paint(cup, WHITE, strength=0.45)
    inside = turned_body(380, [(360, 132), (540, 131), (590, 127), (600, 118)], tilt=0.18)
    canvas.paint(inside, [(0, darker(wax, 0.16)), (0.3, lighter(wax, 0.5)), (0.6, wax), (1, darker(wax, 0.2))])
    canvas.shade(inside, bottom=0.14)
    canvas.paint(
        ellipse(380, 360, 132, 25),
        [(0, mix(wax, rgb("f7d98f"), 0.4)), (0.5, rgb("fff6dc")), (1, mix(wax, rgb("f0cc80"), 0.4))],
    )
    canvas.paint(ellipse(380, 362, 84, 14).soft(5), rgb("ffe6a6"), strength=0.9)
    canvas.paint(stroke([(380, 362), (382, 336)], 5), rgb("4a3a2c"))
    flame = polygon(
        smooth(
            [(380, 232), (398, 276), (404, 310), (394, 336), (380, 342), (366, 336), (356, 310), (364, 276)],
            closed=True,
        )
    )
    canvas.paint(flame.soft(10), rgb("ffce6a"), strength=0.7)
    canvas.paint(flame, [(0, rgb("fff2b8")), (0.5, rgb("ffc95e")), (1, rgb("f59a3c"))], across=False)
    canvas.paint(polygon(smooth([(380, 276), (390, 312), (380, 336), (370, 312)], closed=True)), rgb("fffbe6"))
    label(canvas, 308, 408, 452, 566, band=band)
    canvas.paint(rounded(308, 424, 452, 442, 0), band, strength=0.9)
    glass(canvas, cup, 240, 520, 300, 590)
    rim(canvas, 380, 288, 139, WHITE, down=0.18)
    _matches(canvas, 586, 630, band)
    return canvas


def _matches(canvas: Canvas, x: float, y: float, band: Colour) -> None:
    canvas.shadow(x, y + 24, 76, down=12, strength=0.3)
    box = polygon([(x - 66, y - 14), (x + 66, y - 22), (x + 70, y + 22), (x - 62, y + 30)])
    canvas.paint(box, [(0, lighter(band, 0.2)), (1, darker(band, 0.14))])
    canvas.paint(polygon([(x - 66, y - 14), (x - 50, y - 30), (x + 78, y - 38), (x + 66, y - 22)]), lighter(band, 0.36))
    canvas.paint(polygon([(x + 66, y - 22), (x + 78, y - 38), (x + 82, y + 4), (x + 70, y + 22)]), darker(band, 0.4))
    for dx, lean in ((-40, -12), (-6, 9)):
        head = (x + dx + lean * 3, y - 86)
        canvas.paint(stroke([(x + dx, y - 26), head], 6), [(0, rgb("e6cfa6")), (1, rgb("c9a877"))])
        canvas.paint(ellipse(*head, 7, 9, turned=lean), rgb("a8483a"))


def vase(clay: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A hand-built vase with a narrow neck, two reeds and a dry branch in it."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(400, 642, 150, down=24)
    _branches(canvas)
    body = turned_body(
        400, [(330, 46), (342, 40), (372, 44), (408, 104), (470, 150), (540, 158), (600, 130), (638, 88)], tilt=0.2
    )
    canvas.paint(body, glazed(clay, shine=0.2))
    dice = random.Random(23)
    for _ in range(90):
        x, y = 400 + dice.uniform(-160, 160), dice.uniform(360, 650)
        canvas.paint(
            ellipse(x, y, dice.uniform(1, 2.6), dice.uniform(1, 2.2)).within(body), darker(clay, 0.6), strength=0.3
        )
    for row in range(6):
        for column in range(7):
            x, y = 256 + column * 48 + (row % 2) * 22, 426 + row * 38 + dice.uniform(-6, 6)
            dent = ellipse(x, y, 17, 11, turned=-14).soft(4)
            canvas.paint(dent.within(body), darker(clay, 0.5), strength=0.22)
            canvas.paint(
                ellipse(x - 4, y + 9, 14, 4, turned=-14).soft(3).within(body), lighter(clay, 0.7), strength=0.22
            )
    canvas.shade(body, bottom=0.32)
    canvas.paint(ellipse(326, 460, 40, 70, turned=20).soft(22).within(body), WHITE, strength=0.24)
    canvas.paint(
        ellipse(400, 332, 46, 12), [(0, darker(clay, 0.06)), (0.4, lighter(clay, 0.34)), (1, darker(clay, 0.2))]
    )
    canvas.paint(ellipse(400, 333, 35, 8), darker(clay, 0.7))
    for x, tone in ((388, "a88f5f"), (408, "b99d6a"), (398, "7a5a3c")):
        canvas.paint(stroke([(x, 316), (x, 336)], 6), rgb(tone))
    return canvas


def _branches(canvas: Canvas) -> None:
    branch = smooth([(398, 350), (404, 260), (446, 190), (520, 150), (584, 88)])
    canvas.paint(stroke(branch, 9, 3), rgb("7a5a3c"))
    for start, end in (((424, 222), (420, 128)), ((482, 170), (556, 190)), ((520, 150), (528, 84))):
        canvas.paint(stroke([start, end], 5, 2), rgb("7a5a3c"))
    for x, y in (
        (420, 128),
        (422, 170),
        (556, 190),
        (528, 84),
        (584, 88),
        (552, 118),
        (470, 176),
        (446, 192),
        (528, 118),
    ):
        blossom(canvas, x, y, 22, rgb("f0c4bd"), rgb("c97a72"))
    for foot, bend, head in (((388, 350), (352, 230), (262, 116)), ((394, 350), (378, 220), (338, 74))):
        stem = smooth([foot, bend, head])
        canvas.paint(stroke(stem, 5, 3), rgb("a88f5f"))
        lean = math.degrees(math.atan2(head[1] - bend[1], head[0] - bend[0]))
        for index in range(16):
            share = index / 15
            at = 0.45 + share * 0.55
            place = (bend[0] + (head[0] - bend[0]) * at, bend[1] + (head[1] - bend[1]) * at)
            for side in (-26, 26):
                plume = leaf(*place, 46 - 16 * share, 13, lean + side)
                canvas.paint(plume, [(0, rgb("e6d3ac")), (1, rgb("c4a878"))], across=False, strength=0.85)
