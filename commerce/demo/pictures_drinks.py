"""Pictures of scented and aged teas and of coffee: pearls, a white tea cake, flower buds, a bag of beans, drip bags."""

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
from commerce.demo.motifs import INK, blossom, glass, grain, heap, label, rim, sprig

PORCELAIN = rgb("f3f2ec")


def jasmine(ground: Colour, disc: Colour) -> Canvas:
    """A porcelain bowl full of rolled pearls, jasmine blossoms beside it."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(400, 616, 190)
    bowl = turned_body(400, [(372, 212), (392, 208), (460, 184), (540, 134), (588, 92), (614, 90)], tilt=0.18)
    canvas.paint(bowl, glazed(PORCELAIN, shine=0.6))
    canvas.shade(bowl, bottom=0.26)
    canvas.gleam([(232, 412), (262, 490), (318, 566)], 24, within=bowl, strength=0.8, blur=8)
    for place, width in ((404, 206), (416, 203)):
        canvas.paint(stroke(arc(400, place, width, 44, 4, 176), 3).within(bowl), rgb("7f9a68"), strength=0.7)
    sprig(canvas, 400, 540, 62, rgb("7f9a68"), strength=0.85)
    canvas.paint(ellipse(400, 372, 212, 52), [(0, darker(PORCELAIN, 0.12)), (0.4, WHITE), (1, darker(PORCELAIN, 0.14))])
    inside = ellipse(400, 374, 198, 45)
    canvas.paint(inside, [(0, darker(PORCELAIN, 0.45)), (1, darker(PORCELAIN, 0.2))])
    for x, y, chance in heap(400, 396, 186, 84, 66, seed=4):
        _pearl(canvas, x, y, chance)
    canvas.paint(stroke(arc(400, 374, 205, 48, 10, 170), 9), lighter(PORCELAIN, 0.5))
    for x, y, size in ((566, 346, 50), (250, 606, 62), (560, 628, 54), (330, 646, 44)):
        canvas.shadow(x, y + 18, size * 0.7, down=10, strength=0.22)
        blossom(canvas, x, y, size, rgb("fbf8ef"), rgb("dcc06a"))
    for x, y, chance in ((640, 622, 0.2), (176, 632, 0.7), (470, 654, 0.4)):
        canvas.shadow(x + 2, y + 12, 17, down=6, strength=0.3)
        _pearl(canvas, x, y, chance)
    return canvas


def _pearl(canvas: Canvas, x: float, y: float, chance: float) -> None:
    tone = mix(rgb("6d7a48"), rgb("b3b283"), chance)
    turn = chance * 900
    canvas.paint(ellipse(x, y, 18, 16, turned=turn), [(0, lighter(tone, 0.25)), (1, darker(tone, 0.35))], across=False)
    for side in (-6, 5):
        canvas.paint(stroke(arc(x, y, 14, 6, 200 + turn, 330 + turn, turned=turn + side * 4), 2.6), lighter(tone, 0.55))


def white_tea(ground: Colour, disc: Colour) -> Canvas:
    """A cake of aged white tea on a wooden stand, its paper under it."""
    canvas = Canvas(ground, disc=disc)
    wood = rgb("8a5f3e")
    canvas.shadow(400, 646, 196, down=22)
    paper = polygon([(196, 616), (562, 590), (646, 640), (252, 668)])
    canvas.paint(paper, [(0, rgb("f8f2e4")), (1, rgb("ddd0b6"))])
    canvas.paint(stroke([(214, 618), (556, 595)], 2), rgb("a8382c"), strength=0.6)
    for start, end in (((322, 300), (238, 628)), ((478, 300), (562, 628))):
        canvas.paint(
            stroke([start, end], 26, 30), [(0, darker(wood, 0.2)), (0.4, lighter(wood, 0.2)), (1, darker(wood, 0.3))]
        )
    canvas.paint(ellipse(408, 374, 206, 206).soft(12), INK, strength=0.3)
    rind = ellipse(406, 368, 204, 204)
    canvas.paint(rind, [(0, rgb("6d6448")), (1, rgb("423a2a"))])
    cake = ellipse(398, 364, 200, 200)
    canvas.paint(cake, [(0, rgb("a59a72")), (0.5, rgb("8a7f5c")), (1, rgb("655b42"))])
    dice = random.Random(21)
    tones = (rgb("5b5a3a"), rgb("8f8a5e"), rgb("c9c4a0"), rgb("6a4d33"), rgb("a08a5a"))
    for _ in range(110):
        angle, far = dice.uniform(0, 2 * math.pi), 196 * math.sqrt(dice.random())
        place = (398 + far * math.cos(angle) - 22, 364 + far * math.sin(angle))
        shape = leaf(*place, dice.uniform(40, 72), dice.uniform(10, 17), dice.uniform(0, 360))
        canvas.paint(shape.within(cake), dice.choice(tones), strength=0.85)
    canvas.shade(cake, bottom=0.3)
    canvas.paint(ellipse(340, 280, 90, 60, turned=-30).soft(30).within(cake), WHITE, strength=0.28)
    ledge = rounded(216, 548, 588, 588, 8)
    canvas.paint(Shape(ledge.left, ledge.top - 8, ledge.cover).soft(7).within(cake), INK, strength=0.5)
    canvas.paint(ledge, [(0, darker(wood, 0.18)), (0.3, lighter(wood, 0.24)), (1, darker(wood, 0.26))])
    grain(canvas, ledge, wood, seed=2, lines=6)
    tag = rounded(428, 420, 520, 540, 6)
    canvas.paint(Shape(tag.left + 3, tag.top + 4, tag.cover).soft(4), INK, strength=0.4)
    canvas.paint(tag, [(0, rgb("f7efdd")), (1, rgb("e6d8bb"))])
    sprig(canvas, 474, 490, 44, rgb("7d8a5a"))
    canvas.paint(stroke([(448, 520), (500, 520)], 4), INK, strength=0.5)
    return canvas


def chrysanthemum(ground: Colour, disc: Colour) -> Canvas:
    """A corked jar of yellow buds, two open flowers in front."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(380, 632, 168)
    jar = turned_body(
        380, [(248, 112), (270, 116), (304, 156), (360, 168), (560, 168), (610, 160), (632, 140)], tilt=0.16
    )
    canvas.paint(jar, WHITE, strength=0.42)
    filled = turned_body(380, [(338, 156), (380, 159), (560, 159), (602, 152), (622, 134)], tilt=0.16)
    canvas.paint(filled, [(0, rgb("b98f2e")), (0.4, rgb("e9cd6a")), (1, rgb("b58a2c"))])
    dice = random.Random(8)
    for row in range(8):
        for column in range(8):
            x, y = 236 + column * 40 + (row % 2) * 20 + dice.uniform(-7, 7), 342 + row * 38 + dice.uniform(-6, 6)
            _bud(canvas, x, y, dice.uniform(0, 360), dice.random(), filled)
    canvas.shade(filled, bottom=0.2)
    for x in range(236, 540, 34):
        _bud(canvas, x, 330 + (x // 34 % 2) * 7, x * 7.0, x % 5 / 5, jar)
    glass(canvas, jar, 212, 548, 372, 590)
    label(canvas, 310, 412, 450, 566, band=rgb("b98a2c"))
    cork = turned_body(380, [(186, 96), (196, 102), (262, 108), (272, 106)], tilt=0.16)
    canvas.paint(cork, glazed(rgb("c39a6a"), shine=0.3))
    grain(canvas, cork, rgb("c39a6a"), seed=3, lines=8)
    canvas.paint(ellipse(380, 188, 97, 16), [(0, rgb("b98d5c")), (0.4, rgb("e0bf92")), (1, rgb("b08455"))])
    rim(canvas, 380, 266, 116, WHITE, down=0.16, width=6)
    for x, y, size in ((566, 612, 62), (640, 646, 44)):
        canvas.shadow(x, y + 20, size * 0.8, down=12, strength=0.3)
        blossom(canvas, x, y, size, rgb("f6e7a4"), rgb("d9a62e"), petals=15)
        blossom(canvas, x, y, size * 0.62, rgb("f9efbe"), rgb("d9a62e"), petals=11)
    return canvas


def _bud(canvas: Canvas, x: float, y: float, turn: float, chance: float, within: Shape) -> None:
    tone = mix(rgb("d9a93a"), rgb("f6e49a"), chance)
    canvas.paint(
        ellipse(x, y, 23, 20, turned=turn).within(within),
        [(0, lighter(tone, 0.25)), (1, darker(tone, 0.28))],
        across=False,
    )
    for side in (-20, 20):
        end = (x + 16 * math.cos(math.radians(turn + side)), y + 14 * math.sin(math.radians(turn + side)))
        canvas.paint(stroke([(x, y), end], 2.4).within(within), darker(tone, 0.35), strength=0.5)


def coffee_beans(ground: Colour, disc: Colour) -> Canvas:
    """A kraft paper bag with a dark label, roasted beans in front."""
    canvas = Canvas(ground, disc=disc)
    kraft, dark = rgb("c59c6c"), rgb("4a2f22")
    canvas.shadow(390, 634, 170)
    bag = polygon([(248, 196), (532, 196), (546, 260), (552, 600), (536, 640), (244, 640), (228, 600), (234, 260)])
    canvas.paint(
        bag,
        [
            (0, darker(kraft, 0.26)),
            (0.12, lighter(kraft, 0.14)),
            (0.5, kraft),
            (0.86, darker(kraft, 0.12)),
            (1, darker(kraft, 0.34)),
        ],
    )
    for line in ([(262, 260), (256, 420), (262, 636)], [(518, 260), (526, 420), (518, 636)]):
        canvas.paint(stroke(smooth(line), 5).soft(3).within(bag), darker(kraft, 0.5), strength=0.45)
    canvas.shade(bag, bottom=0.16)
    canvas.gleam([(300, 250), (296, 420), (302, 620)], 20, within=bag, strength=0.3, blur=8)
    top = polygon([(244, 152), (536, 152), (540, 246), (240, 246)])
    canvas.paint(Shape(top.left, top.top + 8, top.cover).soft(6).within(bag), INK, strength=0.35)
    canvas.paint(top, [(0, darker(kraft, 0.3)), (0.2, lighter(kraft, 0.2)), (0.7, kraft), (1, darker(kraft, 0.3))])
    canvas.paint(
        rounded(234, 224, 546, 242, 6), [(0, darker(dark, 0.1)), (0.3, lighter(dark, 0.3)), (1, darker(dark, 0.2))]
    )
    canvas.paint(ellipse(390, 282, 15, 15), darker(kraft, 0.16))
    for x, y in ((385.0, 278.0), (395.0, 278.0), (390.0, 287.0)):
        canvas.paint(ellipse(x, y, 2.4, 2.4), darker(kraft, 0.6))
    card = rounded(294, 322, 486, 560, 10)
    canvas.paint(card, [(0, lighter(dark, 0.1)), (1, darker(dark, 0.2))])
    canvas.paint(ellipse(390, 410, 56, 56), rgb("ead9bd"))
    ridge = polygon(
        [*smooth([(334, 438), (360, 404), (378, 418), (404, 380), (426, 412), (446, 426)]), (446, 480), (334, 480)]
    )
    canvas.paint(ridge.within(ellipse(390, 410, 56, 56)), rgb("8a5a3a"))
    canvas.paint(ellipse(412, 380, 11, 11), rgb("d98c5a"))
    for down, half in ((494, 62), (514, 40), (534, 50)):
        canvas.paint(stroke([(390 - half, down), (390 + half, down)], 5), rgb("ead9bd"), strength=0.85)
    canvas.shadow(560, 648, 108, down=14, strength=0.3)
    for x, y, chance in heap(560, 640, 104, 46, 34, seed=6):
        _bean(canvas, x, y, chance)
    _bean(canvas, 250, 660, 0.3)
    _bean(canvas, 310, 672, 0.8)
    return canvas


def _bean(canvas: Canvas, x: float, y: float, chance: float) -> None:
    tone, turn = mix(rgb("4a2a1b"), rgb("8a5636"), chance), chance * 700
    canvas.paint(ellipse(x, y, 19, 13, turned=turn), [(0, lighter(tone, 0.22)), (1, darker(tone, 0.35))], across=False)
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    seam = [(x + a * cos - b * sin, y + a * sin + b * cos) for a, b in ((-17, 0), (-6, -3), (6, 3), (17, 0))]
    canvas.paint(stroke(smooth(seam, steps=5), 2.6), darker(tone, 0.6))
    canvas.paint(ellipse(x - 5, y - 5, 5, 2.4, turned=turn).soft(1.5), WHITE, strength=0.4)


def drip_bags(ground: Colour, disc: Colour) -> Canvas:
    """A drip bag hung on the rim of a glass, three sealed sachets behind it."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(430, 640, 220, down=22)
    for left, top, band in ((440, 250, "6b3d2a"), (492, 282, "c47a45"), (544, 314, "e2b565")):
        _sachet(canvas, left, top, rgb(band))
    glassy = turned_body(300, [(420, 142), (440, 141), (560, 128), (630, 116), (644, 108)], tilt=0.18)
    canvas.paint(glassy, WHITE, strength=0.5)
    brew = turned_body(300, [(528, 128), (560, 124), (618, 112), (632, 104)], tilt=0.18)
    canvas.paint(brew, [(0, rgb("2f1a10")), (0.3, rgb("6b3f24")), (0.7, rgb("4a2a18")), (1, rgb("2a170e"))])
    canvas.paint(ellipse(300, 528, 128, 22), [(0, rgb("5a331d")), (0.5, rgb("8a5a34")), (1, rgb("4a2a18"))])
    pouch = polygon([(214, 318), (386, 318), (372, 470), (340, 506), (260, 506), (228, 470)])
    canvas.paint(Shape(pouch.left + 4, pouch.top + 6, pouch.cover).soft(7), INK, strength=0.3)
    canvas.paint(pouch, [(0, rgb("d9cdb8")), (0.3, rgb("fbf6ea")), (0.7, rgb("efe6d4")), (1, rgb("cfc1a6"))])
    grounds = polygon([(222, 400), (378, 400), (370, 468), (339, 502), (261, 502), (230, 468)])
    canvas.paint(grounds.within(pouch), rgb("6b452e"), strength=0.62)
    for side in (-1, 1):
        wing = polygon(
            [(300 + side * 84, 326), (300 + side * 176, 396), (300 + side * 168, 430), (300 + side * 80, 392)]
        )
        canvas.paint(Shape(wing.left + 2, wing.top + 6, wing.cover).soft(5), INK, strength=0.28)
        canvas.paint(wing, [(0, rgb("c4935e")), (1, rgb("a8753f"))])
    canvas.paint(ellipse(300, 318, 86, 24), [(0, rgb("cfc1a6")), (0.4, rgb("fffaf0")), (1, rgb("cfc1a6"))])
    canvas.paint(ellipse(300, 320, 76, 18), [(0, rgb("3a2114")), (1, rgb("6b452e"))])
    for dx, top in ((-30, 250), (4, 226), (36, 258)):
        line = smooth([(300 + dx, 304), (312 + dx, 284), (292 + dx, 266), (304 + dx, top)])
        canvas.paint(stroke(line, 11, 3).soft(6), WHITE, strength=0.6)
    glass(canvas, glassy, 160, 440, 446, 600)
    canvas.paint(stroke(arc(300, 420, 142, 26, 8, 172), 4), WHITE, strength=0.9)
    return canvas


def _sachet(canvas: Canvas, left: float, top: float, band: Colour) -> None:
    foil = rounded(left, top, left + 138, 640, 8)
    canvas.paint(Shape(foil.left - 4, foil.top + 4, foil.cover).soft(7), INK, strength=0.3)
    paper = rgb("f3ead9")
    canvas.paint(foil, [(0, darker(paper, 0.12)), (0.3, lighter(paper, 0.5)), (1, darker(paper, 0.14))])
    for y in (top + 12, top + 22, 622, 631):
        canvas.paint(stroke([(left + 4, y), (left + 134, y)], 1.6), darker(paper, 0.4), strength=0.5)
    canvas.paint(rounded(left, top + 70, left + 138, top + 170, 0), band)
    sprig(canvas, left + 69, top + 132, 44, rgb("f6ecd8"))
    for y, half in ((top + 206, 40), (top + 226, 26)):
        canvas.paint(stroke([(left + 69 - half, y), (left + 69 + half, y)], 4), INK, strength=0.5)
    canvas.shade(foil, bottom=0.12)
