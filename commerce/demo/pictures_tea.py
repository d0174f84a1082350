"""Pictures of the teas: a tin of oolong, a pouch of black tea, a glass of green tea, a cake of ripe pu'er."""

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
    rounded,
    smooth,
    stroke,
    turned_body,
)

SEAL = rgb("b8402f")


def tieguanyin(ground: Colour, disc: Colour) -> Canvas:
    """A jade-green tin with a cream label, rolled oolong leaves in front."""
    canvas = Canvas(ground, disc=disc)
    tin = rgb("2f6650")
    canvas.shadow(380, 618, 140)
    body = turned_body(372, [(282, 136), (300, 138), (450, 138), (596, 138), (612, 136)], tilt=0.2)
    canvas.paint(body, glazed(tin, shine=0.24))
    label = polygon([*arc(372, 356, 138, 27, 150, 30), *arc(372, 552, 138, 27, 30, 150)]).within(body)
    canvas.paint(label, glazed(rgb("f3ead6"), shine=0.5))
    for y in (371, 537):
        canvas.paint(stroke(arc(372, y, 132, 26, 148, 32), 2.6).within(body), rgb("b99a5b"))
    _mountains(canvas, label)
    canvas.paint(rounded(442, 430, 464, 454, 4), SEAL)
    canvas.paint(stroke([(448, 437), (458, 437)], 2.4), rgb("f3ead6"))
    canvas.paint(stroke([(453, 437), (453, 448)], 2.4), rgb("f3ead6"))
    canvas.shade(body, bottom=0.16)
    canvas.gleam([(292, 316), (290, 450), (292, 606)], 20, within=body, strength=0.4, blur=6)
    lid = turned_body(372, [(196, 128), (206, 138), (232, 141), (284, 141)], tilt=0.2)
    canvas.paint(stroke(arc(372, 290, 139, 28, 2, 178), 9).soft(3).within(body), rgb("0e2a20"), strength=0.7)
    canvas.paint(lid, glazed(darker(tin, 0.12), shine=0.26))
    canvas.paint(stroke(arc(372, 278, 140, 28, 2, 178), 5).within(lid), glazed(rgb("cdaa62"), shine=0.5))
    canvas.gleam([(292, 216), (290, 280)], 18, within=lid, strength=0.4, blur=6)
    canvas.paint(ellipse(372, 200, 132, 25), [(0, darker(tin, 0.1)), (0.35, lighter(tin, 0.28)), (1, darker(tin, 0.2))])
    canvas.paint(ellipse(372, 200, 108, 19), darker(tin, 0.1), strength=0.5)
    _rolled_leaves(canvas, 534, 612)
    return canvas


def _mountains(canvas: Canvas, label: Shape) -> None:
    sun = ellipse(410, 428, 22, 22)
    canvas.paint(sun.within(label), rgb("d98c5a"), strength=0.85)
    for points, tone in (
        ([(230, 520), (280, 462), (318, 440), (352, 478), (402, 452), (450, 486), (514, 520)], rgb("b6cbb4")),
        ([(230, 560), (270, 508), (314, 486), (366, 522), (428, 494), (470, 524), (514, 560)], rgb("7ea58a")),
        ([(230, 584), (290, 532), (340, 540), (396, 526), (470, 556), (514, 584)], rgb("4d7f66")),
    ):
        ridge = polygon([*smooth(points), (514, 600), (230, 600)])
        lower = polygon([*arc(372, 352, 132, 27, 150, 30), *arc(372, 534, 132, 26, 30, 150)])
        canvas.paint(ridge.within(label).within(lower), tone)


def _rolled_leaves(canvas: Canvas, x: float, y: float) -> None:
    """A small heap of rolled leaves, the same at every drawing."""
    dice = random.Random(7)
    canvas.shadow(x + 4, y + 26, 92, down=12, strength=0.3)
    heap = [(dice.uniform(-1, 1), dice.random()) for _ in range(64)]
    for side, height in sorted(heap, key=lambda place: place[1], reverse=True):
        across = x + side * 92 * (1 - height * 0.72)
        down = y + 26 - height * 52 + dice.uniform(-4, 8)
        tone = mix(rgb("33523a"), rgb("6d8a4e"), dice.random())
        turn, size = dice.uniform(0, 180), dice.uniform(8, 12)
        canvas.paint(
            ellipse(across, down + 2, size + 1, size * 0.72 + 1, turned=turn), darker(tone, 0.55), strength=0.8
        )
        canvas.paint(
            ellipse(across, down, size, size * 0.7, turned=turn), [(0, lighter(tone, 0.25)), (1, darker(tone, 0.3))]
        )
        canvas.paint(
            ellipse(across - 2, down - 2, size * 0.4, size * 0.22, turned=turn), lighter(tone, 0.4), strength=0.7
        )


def black_tea(ground: Colour, disc: Colour) -> Canvas:
    """A flat-bottomed pouch of Yunnan black tea with a window on golden buds."""
    canvas = Canvas(ground, disc=disc)
    paper = rgb("a63a32")
    canvas.shadow(400, 640, 178)
    left = smooth([(252, 196), (244, 300), (232, 420), (226, 540), (238, 640)])
    right = smooth([(562, 640), (574, 540), (568, 420), (556, 300), (548, 196)])
    pouch = polygon([*left, *smooth([(238, 640), (320, 656), (400, 660), (480, 656), (562, 640)]), *right])
    canvas.paint(
        pouch,
        [
            (0, darker(paper, 0.3)),
            (0.08, paper),
            (0.24, lighter(paper, 0.2)),
            (0.5, paper),
            (0.86, darker(paper, 0.22)),
            (1, darker(paper, 0.08)),
        ],
    )
    canvas.shade(pouch, bottom=0.28)
    for line, faint in (
        ([(268, 226), (262, 330), (278, 420), (266, 540), (276, 630)], 0.5),
        ([(530, 226), (540, 340), (522, 440), (538, 560), (526, 632)], 0.22),
    ):
        canvas.gleam(smooth(line), 14, within=pouch, strength=faint, blur=7)
    canvas.paint(
        stroke(smooth([(292, 640), (330, 604), (400, 596), (470, 604), (508, 640)]), 10).soft(6).within(pouch),
        rgb("3a0f10"),
        strength=0.4,
    )
    seal = polygon([(252, 168), (548, 168), (549, 214), (251, 214)])
    canvas.paint(seal, [(0, darker(paper, 0.3)), (0.3, lighter(paper, 0.26)), (0.6, paper), (1, darker(paper, 0.3))])
    for y in (180, 190, 200):
        canvas.paint(stroke([(253, y), (547, y)], 1.6), darker(paper, 0.45), strength=0.45)
    card = rounded(306, 262, 494, 560, 10)
    canvas.paint(Shape(card.left + 3, card.top + 5, card.cover).soft(6), rgb("3a0f10"), strength=0.4)
    canvas.paint(card, [(0, rgb("f7efdd")), (1, rgb("ead9b8"))])
    for turn, length in ((-128, 62), (-52, 62), (-90, 92)):
        canvas.paint(leaf(400, 388, length, 26, turn), [(0, rgb("d39b3e")), (1, rgb("8f4f22"))], across=False)
    canvas.paint(stroke([(400, 380), (400, 408)], 5, 3), rgb("8f4f22"))
    canvas.paint(rounded(389, 270 + 12, 411, 270 + 14, 1), rgb("b99a5b"))
    window = ellipse(400, 486, 62, 50)
    canvas.paint(ellipse(400, 486, 66, 54), rgb("b99a5b"))
    canvas.paint(window, rgb("2c1712"))
    _golden_buds(canvas, window)
    canvas.gleam([(352, 470), (372, 444), (404, 440)], 12, within=window, strength=0.5, blur=4)
    return canvas


def _golden_buds(canvas: Canvas, window: Shape) -> None:
    dice = random.Random(11)
    for index in range(70):
        x, y = 400 + dice.uniform(-66, 66), 486 + dice.uniform(-54, 54)
        golden = index % 3 == 0
        tone = (
            mix(rgb("c88a35"), rgb("e8b860"), dice.random())
            if golden
            else mix(rgb("3a2018"), rgb("6a3d27"), dice.random())
        )
        turn, length = dice.uniform(0, 360), dice.uniform(22, 36)
        bend = math.radians(turn)
        line = smooth(
            [
                (x, y),
                (
                    x + length * 0.5 * math.cos(bend) - 3 * math.sin(bend),
                    y + length * 0.5 * math.sin(bend) + 3 * math.cos(bend),
                ),
                (x + length * math.cos(bend), y + length * math.sin(bend)),
            ],
            steps=5,
        )
        canvas.paint(stroke(line, 5, 1.5).within(window), tone)


def longjing(ground: Colour, disc: Colour) -> Canvas:
    """Green tea in a tall glass, its flat leaves standing in the water."""
    canvas = Canvas(ground, disc=disc)
    canvas.paint(ellipse(424, 644, 150, 26).soft(22), rgb("7f9440"), strength=0.35)
    canvas.shadow(400, 640, 118, strength=0.26)
    glass = turned_body(400, [(204, 146), (300, 141), (480, 131), (620, 121), (640, 114)], tilt=0.2)
    canvas.paint(glass, WHITE, strength=0.34)
    water = turned_body(400, [(272, 135), (400, 129), (520, 122), (604, 114), (616, 106)], tilt=0.2)
    canvas.paint(
        water,
        [(0, rgb("a9b84f")), (0.25, rgb("dfe49a")), (0.6, rgb("cdd77a")), (0.9, rgb("9dae45")), (1, rgb("b9c565"))],
        strength=0.86,
    )
    canvas.shade(water, bottom=0.10)
    _standing_leaves(canvas, water)
    canvas.paint(
        ellipse(400, 272, 135, 28), [(0, rgb("d3dc8a")), (0.4, rgb("eff2c4")), (1, rgb("c3ce70"))], strength=0.9
    )
    for x, y, turn, length in ((350, 276, 12, 48), (440, 266, 168, 52), (420, 284, 24, 40), (352, 262, -8, 34)):
        canvas.paint(leaf(x, y, length, 11, turn), [(0, rgb("9fb04a")), (1, rgb("6f8a35"))])
    thick = polygon([*arc(400, 618, 121, 24, 0, 180), *arc(400, 640, 114, 22, 180, 0)])
    canvas.paint(thick, WHITE, strength=0.5)
    canvas.paint(stroke(arc(400, 640, 112, 21, 10, 170), 4).soft(1.5), WHITE, strength=0.9)
    canvas.gleam([(286, 240), (292, 420), (304, 600)], 20, within=glass, strength=0.85, blur=5)
    canvas.gleam([(512, 240), (505, 420), (496, 590)], 9, within=glass, strength=0.7, blur=3)
    for start, end in (((255, 204), (279, 620)), ((545, 204), (521, 620))):
        canvas.paint(stroke([start, end], 2.6), rgb("8fa08f"), strength=0.55)
    canvas.paint(stroke(arc(400, 204, 145, 30, 0, 360), 4.5), WHITE, strength=0.95)
    canvas.paint(stroke(arc(400, 206, 146, 31, 4, 176), 2), rgb("8fa08f"), strength=0.7)
    return canvas


def _standing_leaves(canvas: Canvas, water: Shape) -> None:
    dice = random.Random(5)
    for _ in range(26):
        x = 400 + dice.uniform(-96, 96)
        foot = 632 - abs(x - 400) * 0.06 - dice.uniform(0, 40)
        tone = mix(rgb("6d8b33"), rgb("a4b552"), dice.random())
        for lean, length in (
            (dice.uniform(-14, 0), dice.uniform(70, 120)),
            (dice.uniform(4, 20), dice.uniform(46, 84)),
        ):
            canvas.paint(
                leaf(x, foot, length, 15, -90 + lean).within(water),
                [(0, lighter(tone, 0.22)), (1, darker(tone, 0.15))],
                across=False,
            )
    for _ in range(7):
        x, y = 400 + dice.uniform(-90, 90), dice.uniform(330, 470)
        tone = mix(rgb("7f9a3c"), rgb("aebd5a"), dice.random())
        canvas.paint(
            leaf(x, y, dice.uniform(50, 74), 13, -90 + dice.uniform(-22, 22)).within(water), tone, strength=0.75
        )


def puer(ground: Colour, disc: Colour) -> Canvas:
    """A cake of ripe pu'er half out of its cotton paper, a broken piece in front."""
    canvas = Canvas(ground, disc=disc)
    canvas.paint(ellipse(412, 420, 226, 222).soft(22), rgb("3a2a2a"), strength=0.34)
    paper = rgb("efe6d2")
    wrap = ellipse(400, 400, 222, 222)
    canvas.paint(wrap, [(0, lighter(paper, 0.55)), (0.5, paper), (1, darker(paper, 0.16))])
    for step in range(28):
        angle = 2 * math.pi * step / 28 + (0.06 if step % 2 else -0.05)
        far, near = 220, 168 + (step * 37 % 23)
        crease = [
            (400 + near * math.cos(angle), 400 + near * math.sin(angle)),
            (400 + far * math.cos(angle), 400 + far * math.sin(angle)),
        ]
        canvas.paint(stroke(crease, 2, 6).soft(2).within(wrap), darker(paper, 0.5), strength=0.22)
    _paper_print(canvas)
    _open_cake(canvas, wrap)
    _broken_piece(canvas, 244, 634)
    return canvas


def _paper_print(canvas: Canvas) -> None:
    ink = rgb("a8382c")
    canvas.paint(stroke(arc(400, 400, 156, 156, 0, 360), 3), ink, strength=0.85)
    canvas.paint(stroke(arc(400, 400, 147, 147, 0, 360), 1.6), ink, strength=0.7)
    trunk = smooth([(352, 470), (350, 424), (338, 384), (342, 346)])
    canvas.paint(stroke(trunk, 12, 5), rgb("6f5a3c"))
    for x, y, turn in (
        (342, 350, -150),
        (342, 350, -96),
        (342, 352, -40),
        (340, 382, -170),
        (342, 392, -24),
        (348, 414, -162),
        (348, 420, -14),
    ):
        canvas.paint(leaf(x, y, 56, 22, turn), [(0, rgb("6f8f54")), (1, rgb("47693d"))], across=False)
    canvas.paint(rounded(276, 446, 304, 480, 4), ink, strength=0.9)
    for y in (455, 463, 471):
        canvas.paint(stroke([(282, y), (298, y)], 2.4), rgb("efe6d2"))


def _open_cake(canvas: Canvas, wrap: Shape) -> None:
    """The right part of the wrapper is folded back, so that the pressed leaves show."""
    edge = smooth([(430, 160), (414, 250), (462, 330), (440, 420), (478, 500), (452, 640)])
    opened = polygon([*edge, (660, 640), (660, 160)]).within(ellipse(400, 400, 208, 208))
    canvas.paint(opened, [(0, rgb("3c2419")), (0.6, rgb("4e3021")), (1, rgb("2b1a14"))])
    dice = random.Random(3)
    for _ in range(230):
        angle, far = dice.uniform(-1.45, 1.45), 208 * math.sqrt(dice.random())
        x, y = 400 + far * math.cos(angle), 400 + far * math.sin(angle)
        if x < 420:
            continue
        tone = mix(rgb("2a1812"), rgb("8a5a38"), dice.random() ** 1.6)
        turn = math.degrees(angle) + 90 + dice.uniform(-50, 50)
        canvas.paint(leaf(x, y, dice.uniform(24, 46), dice.uniform(5, 9), turn).within(opened), tone, strength=0.85)
    canvas.paint(stroke([(x + 8, y + 3) for x, y in edge], 18).soft(8).within(opened), rgb("140a08"), strength=0.6)
    fold = polygon([*edge, *reversed([(x - 26 + 12 * math.sin(y / 37), y) for x, y in edge])]).within(wrap)
    canvas.paint(fold, [(0, rgb("fffaf0")), (0.6, rgb("e7dcc4")), (1, rgb("cfc1a4"))])
    canvas.paint(stroke(edge, 2.4).within(wrap), WHITE, strength=0.8)


def _broken_piece(canvas: Canvas, x: float, y: float) -> None:
    canvas.shadow(x, y + 34, 84, down=14, strength=0.34)
    lump = polygon(
        [
            (x - 84, y + 22),
            (x - 66, y - 22),
            (x - 20, y - 40),
            (x + 38, y - 30),
            (x + 84, y + 2),
            (x + 72, y + 34),
            (x + 6, y + 42),
            (x - 54, y + 38),
        ]
    )
    canvas.paint(lump, [(0, rgb("6b452d")), (0.5, rgb("4a2d20")), (1, rgb("2f1c15"))])
    dice = random.Random(9)
    for _ in range(70):
        tone = mix(rgb("2a1812"), rgb("96633d"), dice.random() ** 1.4)
        place = (x + dice.uniform(-84, 76), y + dice.uniform(-38, 38))
        canvas.paint(leaf(*place, dice.uniform(20, 38), 6, dice.uniform(-40, 40)).within(lump), tone, strength=0.85)
    canvas.shade(lump, bottom=0.4)
