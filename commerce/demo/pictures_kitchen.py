"""Pictures of the kitchen: a forged knife, an iron wok, a cutting board, chopsticks."""

import math
import random
from collections.abc import Sequence

from commerce.demo.canvas import (
    WHITE,
    Canvas,
    Colour,
    Point,
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
from commerce.demo.motifs import INK, grain

STEEL = rgb("c3c8cd")


def _turned(points: Sequence[Point], degrees: float, *, x: float = 400, y: float = 380) -> list[Point]:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return [(x + (a - x) * cos - (b - y) * sin, y + (a - x) * sin + (b - y) * cos) for a, b in points]


def knife(ground: Colour, disc: Colour) -> Canvas:
    """A santoku with a wavy cladding line and a walnut handle, its whetstone in front."""
    canvas = Canvas(ground, disc=disc)
    tilt, wood = -16, rgb("7a5138")
    edge = smooth([(112, 452), (190, 470), (320, 474), (462, 468)])
    point = smooth([(232, 330), (176, 342), (132, 384), (112, 452)])
    blade = polygon(_turned([(500, 330), *point, *edge, (470, 440), (500, 424)], tilt))
    canvas.paint(Shape(blade.left + 10, blade.top + 22, blade.cover).soft(14), INK, strength=0.32)
    canvas.paint(
        blade,
        [(0, rgb("a9b0b7")), (0.35, rgb("eef1f3")), (0.55, rgb("c2c8ce")), (0.8, rgb("e3e7ea")), (1, rgb("9aa1a9"))],
    )
    wave = [
        (112 + step * 12, 430 + 7 * math.sin(step * 1.1) - 10 * math.sin(math.pi * step / 30)) for step in range(31)
    ]
    bright = polygon(_turned([*wave, (470, 480), (112, 480)], tilt)).within(blade)
    canvas.paint(bright, WHITE, strength=0.55)
    canvas.paint(stroke(_turned(wave, tilt), 2.4).within(blade), rgb("77808a"), strength=0.6)
    for up, faint in ((24, 0.28), (44, 0.2), (62, 0.14)):
        canvas.paint(
            stroke(_turned([(x, y - up) for x, y in wave], tilt), 2).within(blade), rgb("6a737d"), strength=faint
        )
    canvas.paint(stroke(_turned([(232, 331), (500, 331)], tilt), 5).within(blade), rgb("7d858d"), strength=0.8)
    for dx, high in ((0, 12), (14, 18), (28, 12)):
        mark = _turned([(420 + dx, 360), (420 + dx, 360 + high)], tilt)
        canvas.paint(stroke(mark, 3), rgb("59626b"), strength=0.7)
    bolster = polygon(_turned([(496, 334), (528, 338), (528, 416), (496, 420)], tilt))
    canvas.paint(bolster, [(0, rgb("2d2a2c")), (0.4, rgb("6a6669")), (1, rgb("232022"))], across=False)
    grip = polygon(_turned([(526, 340), (690, 346), (706, 360), (706, 412), (690, 424), (526, 414)], tilt))
    canvas.paint(Shape(grip.left + 8, grip.top + 20, grip.cover).soft(12), INK, strength=0.3)
    canvas.paint(grip, [(0, lighter(wood, 0.3)), (0.5, wood), (1, darker(wood, 0.4))], across=False)
    for up in (356, 372, 388, 402):
        canvas.paint(
            stroke(_turned([(530, up), (620, up + 4), (704, up + 2)], tilt), 2).within(grip),
            darker(wood, 0.5),
            strength=0.4,
        )
    canvas.paint(stroke(_turned([(532, 352), (690, 357)], tilt), 7).soft(3).within(grip), WHITE, strength=0.35)
    _whetstone(canvas)
    return canvas


def _whetstone(canvas: Canvas) -> None:
    canvas.shadow(420, 664, 170, down=18)
    for top, tone in ((606, rgb("9aa6a3")), (636, rgb("c9a06a"))):
        side = rounded(262, top, 578, top + 32, 5)
        canvas.paint(side, [(0, lighter(tone, 0.14)), (1, darker(tone, 0.22))])
    upper = polygon([(262, 608), (292, 580), (602, 580), (578, 608)])
    canvas.paint(upper, [(0, rgb("c6cecb")), (1, rgb("aab5b2"))])
    end = polygon([(578, 606), (602, 580), (602, 640), (578, 668)])
    canvas.paint(
        end, [(0, rgb("84908d")), (0.5, rgb("7f8a87")), (0.51, rgb("a9834f")), (1, rgb("94713f"))], across=False
    )


def wok(lidded: bool, ground: Colour, disc: Colour) -> Canvas:
    """A hammered round wok with a wooden handle, open or under its fir lid."""
    canvas = Canvas(ground, disc=disc)
    iron, wood = rgb("3d4045"), rgb("b98a57")
    canvas.shadow(390, 600, 170, down=26)
    shaft = smooth([(596, 388), (660, 344), (724, 300), (770, 272)])
    canvas.paint(stroke(shaft[:18], 24), [(0, darker(iron, 0.2)), (0.5, lighter(iron, 0.3)), (1, darker(iron, 0.2))])
    canvas.paint(
        stroke(shaft[14:], 34, 40), [(0, darker(wood, 0.2)), (0.4, lighter(wood, 0.24)), (1, darker(wood, 0.24))]
    )
    canvas.paint(stroke([(x - 5, y - 9) for x, y in shaft[18:40]], 6).soft(3), WHITE, strength=0.4)
    canvas.paint(
        stroke(arc(164, 398, 40, 26, 90, 290), 15), [(0, darker(iron, 0.2)), (0.6, lighter(iron, 0.3)), (1, iron)]
    )
    bowl = turned_body(
        386, [(384, 232), (412, 229), (462, 210), (514, 172), (560, 112), (588, 60), (592, 50)], tilt=0.3
    )
    canvas.paint(bowl, glazed(iron, shine=0.26))
    _hammered(canvas, bowl)
    canvas.shade(bowl, bottom=0.4)
    canvas.gleam([(190, 426), (236, 500), (300, 560)], 26, within=bowl, strength=0.32, blur=10)
    canvas.paint(
        ellipse(386, 384, 232, 72), [(0, darker(iron, 0.1)), (0.4, lighter(iron, 0.5)), (1, darker(iron, 0.1))]
    )
    inside = ellipse(386, 386, 221, 64)
    canvas.paint(inside, [(0, darker(iron, 0.6)), (0.55, darker(iron, 0.15)), (1, lighter(iron, 0.3))])
    canvas.paint(ellipse(400, 424, 120, 26).soft(14).within(inside), rgb("8d949b"), strength=0.45)
    if lidded:
        _fir_lid(canvas)
    return canvas


def _hammered(canvas: Canvas, bowl: Shape) -> None:
    dice = random.Random(31)
    for row in range(7):
        for column in range(13):
            x, y = 172 + column * 36 + (row % 2) * 18 + dice.uniform(-4, 4), 424 + row * 26 + dice.uniform(-4, 4)
            canvas.paint(stroke(arc(x, y, 13, 9, 190, 330), 3).within(bowl), rgb("8c9299"), strength=0.26)


def _fir_lid(canvas: Canvas) -> None:
    fir = rgb("d9b483")
    canvas.paint(ellipse(386, 378, 214, 62).soft(8), INK, strength=0.5)
    side = polygon([*arc(386, 340, 214, 60, 180, 0), *arc(386, 368, 214, 60, 0, 180)])
    canvas.paint(side, [(0, darker(fir, 0.3)), (0.3, lighter(fir, 0.1)), (0.6, fir), (1, darker(fir, 0.36))])
    top = ellipse(386, 338, 214, 60)
    canvas.paint(top, [(0, lighter(fir, 0.1)), (0.4, lighter(fir, 0.34)), (1, darker(fir, 0.12))])
    for x in range(206, 600, 54):
        canvas.paint(stroke([(x + 22, 276), (x - 22, 402)], 2.4).within(top), darker(fir, 0.5), strength=0.5)
    for x in (306, 448):
        canvas.paint(rounded(x, 296, x + 18, 338, 4), [(0, darker(fir, 0.2)), (1, darker(fir, 0.4))])
    canvas.paint(ellipse(392, 344, 104, 14).soft(6).within(top), INK, strength=0.4)
    bar = rounded(286, 276, 486, 308, 15)
    canvas.paint(bar, [(0, lighter(fir, 0.24)), (0.5, fir), (1, darker(fir, 0.3))], across=False)
    grain(canvas, bar, fir, seed=13, lines=5)


def board(ground: Colour, disc: Colour) -> Canvas:
    """An upright acacia board with a juice groove, two tomatoes and basil before it."""
    canvas = Canvas(ground, disc=disc)
    wood = rgb("b07a4a")
    canvas.shadow(400, 640, 206, down=22)
    depth = rounded(224, 142, 602, 642, 40)
    canvas.paint(depth, [(0, darker(wood, 0.4)), (1, darker(wood, 0.52))])
    face = rounded(206, 136, 586, 640, 40)
    canvas.paint(
        face,
        [
            (0, lighter(wood, 0.16)),
            (0.3, rgb("c08a55")),
            (0.45, rgb("a56c3e")),
            (0.6, lighter(wood, 0.1)),
            (0.82, rgb("9a6238")),
            (1, wood),
        ],
    )
    grain(canvas, face, wood, seed=5, lines=26, upright=True)
    for x, y, across, down in ((332, 300, 18, 34), (486, 470, 14, 26)):
        for grow in (0.5, 1.0, 1.6):
            ring = arc(x, y, across * grow, down * grow, 0, 360)
            canvas.paint(stroke(ring, 2.4).within(face), darker(wood, 0.5), strength=0.4)
    groove, inner = rounded(234, 224, 558, 612, 26), rounded(246, 236, 546, 600, 18)
    canvas.paint(groove.without(inner), darker(wood, 0.5), strength=0.62)
    canvas.paint(stroke([(250, 614), (544, 614)], 3), lighter(wood, 0.5), strength=0.6)
    canvas.shade(face, bottom=0.18)
    canvas.gleam([(222, 180), (218, 400), (222, 600)], 12, within=face, strength=0.3, blur=6)
    hole = ellipse(396, 182, 27, 27)
    canvas.paint(hole, darker(disc, 0.12))
    canvas.paint(stroke(arc(396, 182, 26, 26, 180, 350), 6), darker(wood, 0.5), strength=0.8)
    for x, y, size in ((556, 598, 66), (652, 626, 46)):
        _tomato(canvas, x, y, size)
    for turn, length in ((200, 74), (168, 66), (232, 58), (140, 40)):
        shape = leaf(250, 640, length, 34, turn)
        canvas.paint(shape, [(0, rgb("7fa35a")), (1, rgb("4b7339"))], across=False)
    return canvas


def _tomato(canvas: Canvas, x: float, y: float, size: float) -> None:
    red = rgb("cf4a37")
    canvas.shadow(x, y + size * 0.84, size * 0.8, down=14, strength=0.36)
    body = ellipse(x, y, size, size * 0.9)
    canvas.paint(body, glazed(red, shine=0.3))
    canvas.shade(body, bottom=0.3)
    canvas.paint(
        ellipse(x - size * 0.4, y - size * 0.36, size * 0.2, size * 0.13, turned=-30).soft(4), WHITE, strength=0.75
    )
    for turn in (-150, -105, -60, -20, 200):
        canvas.paint(leaf(x, y - size * 0.74, size * 0.5, size * 0.16, turn), rgb("5c8a45"))


def chopsticks(ground: Colour, disc: Colour) -> Canvas:
    """Chopsticks in a bamboo beaker, one pair on a porcelain rest."""
    canvas = Canvas(ground, disc=disc)
    wood, bamboo = rgb("5f4130"), rgb("cfae78")
    canvas.shadow(400, 560, 130)
    well = ellipse(400, 384, 112, 22)
    canvas.paint(well, darker(bamboo, 0.55))
    dice = random.Random(14)
    for index in range(11):
        lean = (index - 5) * 5.2 + dice.uniform(-1.2, 1.2)
        foot = 400 + (index - 5) * 15
        high = 330 - abs(index - 5) * 9 + dice.uniform(-10, 10)
        head = (foot + high * math.sin(math.radians(lean)), 420 - high * math.cos(math.radians(lean)) * 0.96)
        tone = lighter(wood, dice.uniform(0, 0.14))
        stick = stroke([(foot, 440), head], 12, 20)
        canvas.paint(stick, [(0, lighter(tone, 0.2)), (1, darker(tone, 0.3))])
        for share, colour in ((0.86, rgb("d6b46a")), (0.9, rgb("d6b46a"))):
            ring = (foot + (head[0] - foot) * share, 440 + (head[1] - 440) * share)
            canvas.paint(ellipse(*ring, 10, 3.2, turned=lean), colour, strength=0.9)
    beaker = turned_body(400, [(384, 112), (400, 112), (520, 108), (560, 104), (572, 98)], tilt=0.18)
    front = beaker.without(well)
    canvas.paint(front, glazed(bamboo, shine=0.34))
    grain(canvas, front, bamboo, seed=7, lines=16, upright=True)
    for y in (470, 480):
        canvas.paint(stroke(arc(400, y - 20, 110, 21, 4, 176), 3).within(front), darker(bamboo, 0.5), strength=0.5)
    canvas.shade(front, bottom=0.24)
    canvas.gleam([(318, 416), (318, 560)], 16, within=front, strength=0.4, blur=6)
    canvas.paint(stroke(arc(400, 384, 109, 21, 4, 176), 6), lighter(bamboo, 0.5))
    canvas.shadow(420, 672, 250, down=12, strength=0.3)
    for dy in (0, 26):
        stick = stroke([(150, 624 + dy), (690, 646 + dy * 0.7)], 10, 19)
        canvas.paint(stick, [(0, lighter(wood, 0.3)), (0.5, lighter(wood, 0.1)), (1, darker(wood, 0.35))], across=False)
        for x in (628, 642):
            canvas.paint(rounded(x, 634 + dy * 0.7, x + 5, 654 + dy * 0.7, 2), rgb("d6b46a"))
    rest = polygon(smooth([(214, 668), (216, 634), (240, 618), (262, 632), (286, 618), (308, 636), (310, 668)]))
    canvas.paint(rest, glazed(rgb("eef0ec"), shine=0.6))
    canvas.shade(rest, bottom=0.22)
    canvas.paint(stroke([(232, 652), (292, 652)], 4), rgb("5f86ab"), strength=0.8)
    return canvas
