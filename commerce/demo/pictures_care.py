"""Pictures of the bathroom shelf: hand cream, handmade soap, bamboo toothbrushes."""

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
    turned_body,
)
from commerce.demo.motifs import INK, blossom, grain, sprig

BAMBOO = rgb("d9b97f")


def hand_cream(tube: Colour, flower: Colour, ground: Colour, disc: Colour) -> Canvas:
    """An aluminium tube standing on its cap, a dab of cream and blossoms in front."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(396, 642, 108)
    body = polygon(
        [
            (258, 148),
            (526, 148),
            *smooth([(522, 300), (506, 440), (476, 560)]),
            (308, 560),
            *smooth([(308, 560), (278, 440), (262, 300)]),
        ]
    )
    canvas.paint(
        body,
        [
            (0, darker(tube, 0.24)),
            (0.16, lighter(tube, 0.2)),
            (0.34, lighter(tube, 0.45)),
            (0.6, tube),
            (1, darker(tube, 0.3)),
        ],
    )
    for line, faint in (
        ([(300, 170), (330, 300), (322, 420)], 0.34),
        ([(470, 170), (452, 280), (462, 400)], 0.24),
        ([(388, 168), (398, 240)], 0.2),
    ):
        canvas.paint(stroke(smooth(line), 14, 3).soft(7).within(body), darker(tube, 0.5), strength=faint)
    canvas.gleam([(300, 200), (316, 360), (338, 540)], 18, within=body, strength=0.5, blur=7)
    crimp = polygon([(254, 112), (530, 112), (530, 160), (254, 160)])
    canvas.paint(crimp, [(0, darker(tube, 0.3)), (0.3, lighter(tube, 0.34)), (0.6, tube), (1, darker(tube, 0.36))])
    for y in (124, 136, 148):
        canvas.paint(stroke([(256, y), (528, y)], 2), darker(tube, 0.5), strength=0.4)
    paper = polygon([(282, 250), (502, 250), (494, 440), (290, 440)]).within(body)
    canvas.paint(paper, [(0, rgb("efe6d3")), (0.35, rgb("fdf9f0")), (1, rgb("e0d4bb"))])
    blossom(canvas, 392, 318, 44, flower, rgb("dcb04e"), petals=8)
    for x, turn in ((356, 150), (428, 30)):
        canvas.paint(leaf(x, 334, 44, 16, turn), rgb("8aa171"))
    for y, half in ((386, 66), (406, 42)):
        canvas.paint(stroke([(392 - half, y), (392 + half, y)], 5), INK, strength=0.55)
    _cap(canvas)
    _dab(canvas)
    for x, y, size in ((228, 634, 46), (178, 656, 34)):
        canvas.shadow(x, y + 14, size * 0.7, down=9, strength=0.22)
        blossom(canvas, x, y, size, flower, rgb("dcb04e"), petals=8)
    return canvas


def _cap(canvas: Canvas) -> None:
    cap = turned_body(392, [(556, 76), (564, 80), (626, 84), (640, 82)], tilt=0.14)
    canvas.paint(cap, glazed(rgb("f2ede2"), shine=0.5))
    canvas.shade(cap, bottom=0.2)
    for step in range(11):
        x = 322 + step * 14
        canvas.paint(stroke([(x, 574), (x, 640)], 2.4).within(cap), rgb("a89c86"), strength=0.4)


def _dab(canvas: Canvas) -> None:
    canvas.shadow(590, 648, 66, down=12, strength=0.3)
    dab = polygon(
        smooth(
            [(524, 646), (542, 616), (574, 614), (586, 578), (606, 606), (638, 618), (656, 646), (592, 660)],
            closed=True,
        )
    )
    canvas.paint(dab, [(0, rgb("ffffff")), (0.5, rgb("fbf6ea")), (1, rgb("dcd0b8"))])
    canvas.shade(dab, bottom=0.14)
    canvas.paint(stroke(smooth([(548, 634), (584, 626), (620, 638)]), 5, 3).soft(2), rgb("cbbd9f"), strength=0.6)


def soap(bar: Colour, specks: Colour, ground: Colour, disc: Colour) -> Canvas:
    """Two bars of soap on a slatted dish, the upper one stamped, bubbles around."""
    canvas = Canvas(ground, disc=disc)
    wood = rgb("b98a57")
    canvas.shadow(400, 628, 240, down=24)
    for x in (214, 560):
        canvas.paint(rounded(x, 596, x + 28, 640, 6), [(0, darker(wood, 0.1)), (1, darker(wood, 0.4))])
    slats = polygon([(188, 560), (232, 520), (612, 520), (656, 560)])
    canvas.paint(slats, [(0, darker(wood, 0.15)), (0.4, lighter(wood, 0.22)), (1, darker(wood, 0.1))])
    front = rounded(180, 556, 660, 602, 10)
    canvas.paint(front, [(0, darker(wood, 0.2)), (0.3, lighter(wood, 0.16)), (1, darker(wood, 0.28))])
    grain(canvas, front, wood, seed=8, lines=6)
    _bar(canvas, 226, 422, 364, 134, bar, specks, 4, stamped=False)
    _bar(canvas, 252, 262, 340, 152, lighter(bar, 0.08), specks, 9, stamped=True)
    for x, y, size in ((640, 250, 34), (690, 318, 20), (612, 190, 16), (176, 214, 26), (142, 276, 14), (664, 470, 22)):
        canvas.paint(ellipse(x, y, size, size), WHITE, strength=0.34)
        canvas.paint(stroke(arc(x, y, size - 2, size - 2, 0, 360), 2), WHITE, strength=0.75)
        canvas.paint(stroke(arc(x, y, size * 0.68, size * 0.68, 190, 260), size * 0.16).soft(1.5), WHITE, strength=0.9)
    return canvas


def _bar(
    canvas: Canvas,
    left: float,
    top: float,
    wide: float,
    high: float,
    tone: Colour,
    specks: Colour,
    seed: int,
    *,
    stamped: bool,
) -> None:
    depth = 44
    above = polygon(
        [
            (left + 6, top + 10),
            (left + depth, top - depth + 12),
            (left + wide + depth - 18, top - depth + 12),
            (left + wide - 6, top + 10),
        ]
    )
    side = polygon(
        [
            (left + wide - 8, top + 6),
            (left + wide + depth - 20, top - depth + 14),
            (left + wide + depth - 20, top + high - depth),
            (left + wide - 8, top + high - 6),
        ]
    )
    shadow = rounded(left, top + 8, left + wide + depth - 20, top + high + 8, 20)
    canvas.paint(Shape(shadow.left, shadow.top, shadow.cover).soft(9), INK, strength=0.26)
    canvas.paint(above, [(0, lighter(tone, 0.3)), (1, lighter(tone, 0.5))])
    canvas.paint(side, [(0, darker(tone, 0.18)), (1, darker(tone, 0.34))])
    face = rounded(left, top, left + wide, top + high, 18)
    canvas.paint(face, [(0, lighter(tone, 0.2)), (0.5, tone), (1, darker(tone, 0.14))])
    dice = random.Random(seed)
    for _ in range(46):
        x, y = left + dice.uniform(8, wide - 8), top + dice.uniform(8, high - 8)
        canvas.paint(
            ellipse(x, y, dice.uniform(1.5, 4.5), dice.uniform(1.5, 3), turned=dice.uniform(0, 180)),
            specks,
            strength=0.55,
        )
    canvas.paint(
        stroke([(left + 16, top + 7), (left + wide - 16, top + 7)], 7).soft(3).within(face), WHITE, strength=0.55
    )
    canvas.shade(face, bottom=0.14)
    if stamped:
        _stamp(canvas, left + wide / 2, top + high / 2, tone)


def _stamp(canvas: Canvas, x: float, y: float, tone: Colour) -> None:
    for dy, shade in ((2, lighter(tone, 0.6)), (0, darker(tone, 0.4))):
        sprig(canvas, x, y + 21 + dy, 66, shade, strength=0.75)
        canvas.paint(stroke(arc(x, y + dy, 62, 58, 0, 360), 3.4), shade, strength=0.7)


def toothbrushes(ground: Colour, disc: Colour) -> Canvas:
    """Four bamboo brushes with coloured rings in a porcelain beaker."""
    canvas = Canvas(ground, disc=disc)
    china = rgb("eef1ee")
    canvas.shadow(400, 628, 132)
    canvas.paint(ellipse(400, 392, 118, 24), darker(china, 0.5))
    rings = ("5f8fbd", "7fa35a", "e0b64a", "d98fa0")
    for foot, head, lean, ring in zip(
        (372, 392, 410, 430), ((252, 128), (352, 92), (452, 96), (556, 136)), (-20, -7, 7, 21), rings, strict=True
    ):
        _brush(canvas, (foot, 430), head, lean, rgb(ring))
    beaker = turned_body(400, [(392, 118), (410, 118), (560, 108), (616, 102), (630, 94)], tilt=0.18)
    front = beaker.without(ellipse(400, 392, 118, 24))
    canvas.paint(front, glazed(china, shine=0.6))
    canvas.shade(front, bottom=0.24)
    canvas.gleam([(314, 430), (320, 600)], 20, within=front, strength=0.8, blur=6)
    canvas.paint(stroke(arc(400, 392, 115, 23, 4, 176), 6), WHITE)
    wave = [(284 + step * 8, 520 + 8 * (1 if step % 4 in (1, 2) else -1)) for step in range(30)]
    canvas.paint(stroke(smooth(wave, steps=4), 4).within(front), rgb("6f9bb5"), strength=0.7)
    canvas.paint(stroke(smooth([(x, y + 18) for x, y in wave], steps=4), 3).within(front), rgb("6f9bb5"), strength=0.45)
    return canvas


def _brush(canvas: Canvas, foot: tuple[float, float], head: tuple[float, float], lean: float, ring: Colour) -> None:
    neck = (foot[0] + (head[0] - foot[0]) * 0.72, foot[1] + (head[1] - foot[1]) * 0.72)
    handle = stroke([foot, neck, head], 21, 15)
    canvas.paint(handle, [(0, lighter(BAMBOO, 0.3)), (0.5, BAMBOO), (1, darker(BAMBOO, 0.3))])
    canvas.paint(stroke([neck, head], 25, 27), [(0, lighter(BAMBOO, 0.3)), (1, darker(BAMBOO, 0.22))])
    share = 0.2
    at = (foot[0] + (head[0] - foot[0]) * share, foot[1] + (head[1] - foot[1]) * share)
    above = (foot[0] + (head[0] - foot[0]) * (share + 0.07), foot[1] + (head[1] - foot[1]) * (share + 0.07))
    canvas.paint(stroke([at, above], 21), [(0, lighter(ring, 0.25)), (1, darker(ring, 0.2))])
    side = 1 if lean > 0 else -1
    for row in range(6):
        place = row / 5
        x, y = head[0] + (neck[0] - head[0]) * place * 0.86, head[1] + (neck[1] - head[1]) * place * 0.86
        tuft = stroke([(x + side * 9, y), (x + side * 42, y + side * lean * 0.5 - 4)], 12)
        canvas.paint(tuft, [(0, rgb("dfe3e2")), (0.5, WHITE), (1, rgb("dfe3e2"))], across=False)
        canvas.paint(
            stroke([(x + side * 12, y + 3), (x + side * 40, y + side * lean * 0.5)], 1.4), rgb("9aa5a4"), strength=0.5
        )
