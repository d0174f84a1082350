"""Pictures of the larder: mixed nuts, honey, dried mango, buckwheat noodles."""

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
    mix,
    polygon,
    rgb,
    smooth,
    stroke,
    turned_body,
)
from commerce.demo.motifs import INK, bundle, glass, grain, heap, label, sprig

WOOD = rgb("a9764b")


def nuts(ground: Colour, disc: Colour) -> Canvas:
    """A wooden bowl heaped with nuts and berries, a sachet behind it."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(400, 634, 210, down=24)
    paper = rgb("e3c48f")
    sachet = polygon([(440, 150), (650, 186), (604, 520), (394, 484)])
    canvas.paint(Shape(sachet.left + 8, sachet.top + 10, sachet.cover).soft(9), INK, strength=0.28)
    canvas.paint(sachet, [(0, darker(paper, 0.14)), (0.35, lighter(paper, 0.3)), (1, darker(paper, 0.16))])
    for dy in (12, 22):
        canvas.paint(stroke([(440, 150 + dy), (649, 186 + dy)], 2), darker(paper, 0.5), strength=0.45)
    canvas.paint(polygon([(428, 236), (638, 272), (624, 370), (414, 334)]), rgb("8a5a3a"))
    sprig(canvas, 526, 330, 62, rgb("f3dfb4"))
    bowl = turned_body(370, [(452, 200), (470, 200), (540, 176), (600, 126), (626, 88), (634, 84)], tilt=0.2)
    canvas.paint(ellipse(370, 452, 200, 52), darker(WOOD, 0.45))
    front = bowl.without(ellipse(370, 448, 196, 46))
    dice = random.Random(2)
    for _ in range(34):
        angle, far = dice.uniform(0, 2 * math.pi), math.sqrt(dice.random())
        _piece(canvas, 370 + 178 * far * math.cos(angle), 456 + 34 * far * math.sin(angle), dice.random(), angle * 57)
    for x, y, chance in heap(370, 486, 186, 136, 84, seed=15):
        _piece(canvas, x, y, chance, dice.uniform(0, 360))
    canvas.paint(front, glazed(WOOD, shine=0.26))
    grain(canvas, front, WOOD, seed=6, lines=12)
    canvas.shade(front, bottom=0.3)
    canvas.gleam([(204, 500), (248, 570), (300, 612)], 18, within=front, strength=0.35, blur=8)
    canvas.paint(stroke(arc(370, 452, 198, 50, 8, 172), 8), lighter(WOOD, 0.4))
    for x, y, chance, turn in (
        (600, 630, 0.1, 20),
        (654, 612, 0.45, 80),
        (150, 640, 0.65, 10),
        (622, 664, 0.86, 0),
        (200, 662, 0.3, 140),
    ):
        canvas.shadow(x + 2, y + 12, 24, down=7, strength=0.26)
        _piece(canvas, x, y, chance, turn)
    return canvas


def _piece(canvas: Canvas, x: float, y: float, chance: float, turn: float) -> None:
    if chance < 0.25:
        nut = leaf(x - 22 * math.cos(math.radians(turn)), y - 22 * math.sin(math.radians(turn)), 48, 28, turn)
        canvas.paint(nut, [(0, rgb("c68a52")), (1, rgb("8a5530"))], across=False)
        line = [(x + d * math.cos(math.radians(turn)), y + d * math.sin(math.radians(turn))) for d in (-16, 18)]
        canvas.paint(stroke(line, 2), rgb("6a3f22"), strength=0.5)
    elif chance < 0.5:
        line = arc(x, y, 17, 15, turn, turn + 190)
        canvas.paint(stroke([(a + 2, b + 4) for a, b in line], 18).soft(3), INK, strength=0.25)
        canvas.paint(stroke(line, 18, 14), [(0, rgb("f6e3bd")), (1, rgb("d6b582"))], across=False)
    elif chance < 0.68:
        canvas.paint(ellipse(x, y, 21, 20), [(0, rgb("c98f54")), (1, rgb("7d4d2a"))], across=False)
        canvas.paint(ellipse(x + 4, y - 10, 11, 7, turned=20), rgb("e3c79a"))
    elif chance < 0.82:
        canvas.paint(ellipse(x, y, 27, 22, turned=turn), [(0, rgb("d6aa72")), (1, rgb("96683c"))], across=False)
        for bend in (-10, 0, 10):
            wave = smooth(
                [
                    (x - 18, y + bend * 0.7),
                    (x - 6, y + bend * 0.7 - 5),
                    (x + 6, y + bend * 0.7 + 4),
                    (x + 18, y + bend * 0.7 - 2),
                ],
                steps=4,
            )
            canvas.paint(stroke(wave, 2.6), rgb("6f4826"), strength=0.6)
    else:
        tone = rgb("8f2f35") if chance < 0.92 else rgb("3d4468")
        canvas.paint(
            ellipse(x, y, 15, 13, turned=turn), [(0, lighter(tone, 0.25)), (1, darker(tone, 0.3))], across=False
        )
        canvas.paint(ellipse(x - 4, y - 4, 4, 2.4).soft(1), WHITE, strength=0.5)


def honey(ground: Colour, disc: Colour) -> Canvas:
    """A jar of amber honey with a cloth lid, a dripping dipper beside it."""
    canvas = Canvas(ground, disc=disc)
    amber = rgb("e09a2a")
    canvas.shadow(372, 634, 156)
    canvas.paint(ellipse(430, 646, 190, 24).soft(20), rgb("e8a83a"), strength=0.4)
    jar = turned_body(
        372, [(236, 112), (258, 116), (286, 146), (330, 156), (570, 156), (612, 150), (632, 134)], tilt=0.16
    )
    canvas.paint(jar, WHITE, strength=0.45)
    filled = turned_body(372, [(296, 142), (340, 149), (566, 149), (606, 142), (622, 128)], tilt=0.16)
    canvas.paint(
        filled,
        [(0, darker(amber, 0.34)), (0.2, rgb("f3c050")), (0.4, rgb("f8d274")), (0.7, amber), (1, darker(amber, 0.4))],
    )
    canvas.shade(filled, bottom=0.2)
    canvas.paint(ellipse(372, 298, 142, 22), [(0, rgb("d8932a")), (0.4, rgb("fbe09a")), (1, rgb("cf8a24"))])
    label(canvas, 296, 388, 448, 566, band=rgb("c9852a"))
    for x, y in ((330, 430), (414, 430)):
        hexagon = [
            (x + 13 * math.cos(math.radians(60 * side)), y + 13 * math.sin(math.radians(60 * side)))
            for side in range(6)
        ]
        canvas.paint(polygon(hexagon), rgb("eebc58"))
    glass(canvas, jar, 216, 528, 350, 590)
    _cloth_lid(canvas)
    _dipper(canvas)
    return canvas


def _cloth_lid(canvas: Canvas) -> None:
    cloth = polygon(
        [
            *smooth([(262, 160), (300, 142), (372, 138), (444, 142), (482, 160)]),
            *smooth(
                [
                    (494, 196),
                    (506, 258),
                    (478, 244),
                    (450, 266),
                    (420, 246),
                    (390, 268),
                    (356, 246),
                    (326, 266),
                    (296, 244),
                    (238, 258),
                    (250, 196),
                ]
            ),
        ]
    )
    linen = rgb("efe2c8")
    canvas.paint(Shape(cloth.left + 2, cloth.top + 8, cloth.cover).soft(6), INK, strength=0.26)
    canvas.paint(cloth, [(0, darker(linen, 0.16)), (0.3, lighter(linen, 0.4)), (0.6, linen), (1, darker(linen, 0.22))])
    for x in range(262, 500, 34):
        canvas.paint(stroke([(x * 0.8 + 74, 150), (x, 250)], 2.4).within(cloth), rgb("c9a05a"), strength=0.4)
    canvas.paint(
        stroke(arc(372, 196, 124, 18, 4, 176), 8), [(0, rgb("8a6038")), (0.5, rgb("c49a66")), (1, rgb("8a6038"))]
    )
    for side in (-1, 1):
        canvas.paint(
            stroke(smooth([(372, 214), (372 + side * 34, 204), (372 + side * 44, 226), (372, 218)]), 6), rgb("a87a48")
        )


def _dipper(canvas: Canvas) -> None:
    canvas.shadow(610, 660, 84, down=10, strength=0.26)
    pool = bundle([(540, 652), (590, 636), (650, 644), (690, 656), (640, 672), (570, 670)])
    canvas.paint(pool, [(0, rgb("d8932a")), (0.4, rgb("f8d274")), (1, rgb("c98322"))])
    canvas.paint(
        stroke([(720, 306), (620, 560)], 15, 13),
        [(0, darker(WOOD, 0.1)), (0.5, lighter(WOOD, 0.3)), (1, darker(WOOD, 0.25))],
    )
    for index in range(6):
        x, y, across = 636 - index * 9.4, 520 + index * 24, 33 + 12 * math.sin(math.pi * (index + 0.6) / 6)
        canvas.paint(
            ellipse(x, y, across, 13, turned=-21),
            [(0, darker(WOOD, 0.1)), (0.4, lighter(WOOD, 0.34)), (1, darker(WOOD, 0.3))],
        )
    drip = polygon(smooth([(606, 560), (630, 566), (620, 600), (606, 650), (594, 652), (590, 606)], closed=True))
    canvas.paint(drip, [(0, rgb("f8d274")), (1, rgb("d8932a"))], strength=0.92)


def mango(band: Colour, dust: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A pouch of dried mango with a window, slices and a fresh mango before it."""
    canvas = Canvas(ground, disc=disc)
    paper = rgb("f3e7cf")
    canvas.shadow(380, 634, 166)
    pouch = polygon(
        [
            (232, 152),
            (528, 152),
            *smooth([(528, 152), (520, 240), (534, 420), (548, 632)]),
            *smooth([(548, 640), (380, 656), (212, 640)]),
            *smooth([(212, 632), (226, 420), (240, 240), (232, 152)]),
        ]
    )
    canvas.paint(pouch, [(0, darker(paper, 0.2)), (0.2, lighter(paper, 0.4)), (0.6, paper), (1, darker(paper, 0.24))])
    canvas.paint(
        polygon([(200, 152), (560, 152), (560, 268), (200, 268)]).within(pouch),
        [(0, darker(band, 0.2)), (0.25, lighter(band, 0.24)), (0.6, band), (1, darker(band, 0.28))],
    )
    for y in (176, 190):
        canvas.paint(stroke([(236, y), (524, y)], 2), WHITE, strength=0.5)
    sprig(canvas, 380, 250, 40, rgb("fbf3df"))
    window = ellipse(380, 440, 104, 112)
    canvas.paint(ellipse(380, 440, 111, 119), darker(band, 0.1))
    canvas.paint(window, rgb("b5701f"))
    dice = random.Random(18)
    for _ in range(22):
        _slice(
            canvas,
            380 + dice.uniform(-96, 96),
            440 + dice.uniform(-104, 104),
            dice.uniform(0, 180),
            dice.random(),
            dust,
            within=window,
        )
    canvas.gleam([(304, 400), (330, 350), (380, 336)], 14, within=window, strength=0.6, blur=4)
    for y, half in ((292, 88), (586, 70), (606, 44)):
        canvas.paint(stroke([(380 - half, y), (380 + half, y)], 5), INK, strength=0.5)
    canvas.shade(pouch, bottom=0.14)
    canvas.gleam([(258, 280), (250, 440), (244, 630)], 16, within=pouch, strength=0.5, blur=7)
    _fresh_mango(canvas)
    for x, y, turn in ((236, 660, 10), (322, 674, -14), (460, 676, 8)):
        canvas.shadow(x, y + 8, 44, down=7, strength=0.24)
        _slice(canvas, x, y, turn, 0.5, dust)
    return canvas


def _fresh_mango(canvas: Canvas) -> None:
    canvas.shadow(600, 646, 92, down=14, strength=0.32)
    fruit = bundle([(520, 604), (548, 540), (612, 508), (672, 532), (694, 592), (662, 640), (598, 656), (540, 648)])
    canvas.paint(fruit, [(0, rgb("f6c54a")), (0.5, rgb("f0a038")), (1, rgb("cf5f3a"))])
    canvas.shade(fruit, bottom=0.26)
    canvas.paint(ellipse(580, 552, 26, 17, turned=-28).soft(8), WHITE, strength=0.6)
    canvas.paint(stroke([(632, 512), (640, 494)], 7, 5), rgb("6a4a2c"))
    canvas.paint(leaf(640, 500, 74, 26, -18), [(0, rgb("86a85c")), (1, rgb("4f7a3c"))], across=False)


def _slice(
    canvas: Canvas, x: float, y: float, turn: float, chance: float, dust: Colour, *, within: Shape | None = None
) -> None:
    tone = mix(rgb("e0902a"), rgb("f8c65a"), chance)
    shape = ellipse(x, y, 46, 17, turned=turn)
    canvas.paint(
        shape if within is None else shape.within(within),
        [(0, lighter(tone, 0.24)), (1, darker(tone, 0.2))],
        across=False,
    )
    dice = random.Random(round(x * 7 + y))
    for _ in range(5):
        far, off = dice.uniform(-34, 34), dice.uniform(-8, 8)
        cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
        dot = ellipse(x + far * cos - off * sin, y + far * sin + off * cos, 3, 2.2)
        canvas.paint(dot if within is None else dot.within(within), dust, strength=0.8)


def noodles(ground: Colour, disc: Colour) -> Canvas:
    """Three bundles of buckwheat noodles in paper bands, ears of grain across them."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(400, 640, 200, down=22)
    for x, lean, tone in ((292.0, -9.0, rgb("a08f78")), (508.0, 9.0, rgb("a89780")), (400.0, 0.0, rgb("b3a38c"))):
        _sheaf(canvas, x, lean, tone)
    straw = rgb("c99f4a")
    for foot, bend, head in (((250, 668), (380, 650), (560, 612)), ((270, 684), (420, 672), (612, 650))):
        stalk = smooth([foot, bend, head])
        canvas.paint(stroke(stalk, 5, 3), straw)
        for index in range(9):
            x, y = stalk[-1 - index * 2]
            for side in (-34, 34):
                canvas.paint(
                    leaf(x, y, 26, 10, -12 + side), [(0, lighter(straw, 0.3)), (1, darker(straw, 0.14))], across=False
                )
    return canvas


def _sheaf(canvas: Canvas, x: float, lean: float, tone: Colour) -> None:
    slope = math.tan(math.radians(lean))
    body = polygon(
        [
            (x - 78 + slope * 480, 152),
            (x + 78 + slope * 480, 152),
            (x + 60 + slope * 220, 400),
            (x + 80, 640),
            (x - 80, 640),
            (x - 60 + slope * 220, 400),
        ]
    )
    canvas.paint(Shape(body.left + 8, body.top + 6, body.cover).soft(9), INK, strength=0.3)
    canvas.paint(body, [(0, darker(tone, 0.3)), (0.3, lighter(tone, 0.25)), (0.6, tone), (1, darker(tone, 0.36))])
    for index in range(17):
        share = (index + 0.5) / 17 * 2 - 1
        strand = smooth(
            [(x + share * 78 + slope * 480, 152), (x + share * 60 + slope * 220, 400), (x + share * 80, 640)], steps=4
        )
        canvas.paint(
            stroke(strand, 2.2).within(body), darker(tone, 0.55) if index % 2 else lighter(tone, 0.6), strength=0.42
        )
    canvas.paint(ellipse(x + slope * 480, 152, 78, 13), lighter(tone, 0.24))
    dice = random.Random(round(x))
    for _ in range(26):
        canvas.paint(
            ellipse(x + slope * 480 + dice.uniform(-68, 68), 152 + dice.uniform(-8, 8), 4, 2.2),
            darker(tone, 0.4),
            strength=0.5,
        )
    middle = x + slope * 230
    band = polygon([(middle - 68, 340), (middle + 68, 340), (middle + 64, 462), (middle - 64, 462)])
    canvas.paint(Shape(band.left, band.top + 4, band.cover).soft(4).within(body), INK, strength=0.35)
    canvas.paint(band, [(0, rgb("d9ccb0")), (0.3, rgb("fbf5e6")), (1, rgb("cfc0a0"))])
    canvas.paint(
        polygon([(middle - 68, 352), (middle + 68, 352), (middle + 67, 366), (middle - 67, 366)]), rgb("8d6a4a")
    )
    sprig(canvas, middle, 424, 42, rgb("8d6a4a"))
    canvas.paint(stroke([(middle - 28, 446), (middle + 28, 446)], 4), INK, strength=0.5)
