"""Pictures of the teaware: mug, clay teapot, lidded bowl, vacuum flask."""

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


def mug(glaze: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A stoneware mug with a bare clay foot and tea in it."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(392, 610, 178)
    handle = smooth([(540, 330), (612, 318), (650, 374), (636, 452), (586, 512), (520, 532)])
    canvas.paint(stroke(handle, 40, 34), [(0, darker(glaze, 0.28)), (0.6, glaze), (1, darker(glaze, 0.30))])
    canvas.paint(stroke([(x + 1, y - 8) for x, y in handle[6:40]], 9, 6).soft(3), WHITE, strength=0.42)
    body = turned_body(385, [(262, 172), (330, 174), (430, 172), (520, 160), (580, 136), (604, 122)], tilt=0.2)
    canvas.paint(body, glazed(glaze))
    canvas.shade(body)
    clay = rgb("b98a66")
    foot = polygon([*arc(385, 578, 150, 34, 0, 180), *arc(385, 640, 150, 34, 180, 0)]).within(body)
    canvas.paint(foot, glazed(clay, shine=0.25))
    canvas.paint(stroke(arc(385, 577, 146, 33, 12, 168), 7).soft(2).within(body), darker(glaze, 0.25), strength=0.7)
    for y, faint in ((330, 0.10), (356, 0.07), (470, 0.07)):
        canvas.paint(
            stroke(arc(385, y, 172, 36, 8, 172), 4).soft(1.5).within(body), darker(glaze, 0.5), strength=faint * 2
        )
    canvas.gleam([(286, 316), (284, 400), (292, 500)], 26, within=body, strength=0.55, blur=8)
    canvas.paint(
        ellipse(385, 262, 172, 44), [(0, lighter(glaze, 0.35)), (0.5, lighter(glaze, 0.12)), (1, darker(glaze, 0.12))]
    )
    inside = ellipse(385, 264, 158, 38)
    canvas.paint(inside, [(0, darker(glaze, 0.42)), (0.55, darker(glaze, 0.14)), (1, lighter(glaze, 0.16))])
    tea = ellipse(385, 284, 150, 34).within(inside)
    canvas.paint(tea, [(0, rgb("8a4b1c")), (0.5, rgb("b66a2a")), (1, rgb("d18b44"))])
    canvas.paint(stroke(arc(385, 286, 118, 22, 205, 300), 5).soft(3).within(inside), WHITE, strength=0.5)
    _steam(canvas, 372, 214)
    return canvas


def _steam(canvas: Canvas, x: float, y: float) -> None:
    for offset, height in ((-44, 92), (6, 122), (56, 84)):
        line = smooth(
            [
                (x + offset, y),
                (x + offset + 16, y - height * 0.33),
                (x + offset - 12, y - height * 0.66),
                (x + offset + 8, y - height),
            ]
        )
        canvas.paint(stroke(line, 12, 3).soft(6), WHITE, strength=0.62)


def teapot(clay: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A round Yixing teapot of bare clay."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(398, 604, 190)
    handle = smooth([(250, 352), (172, 330), (132, 392), (150, 474), (206, 530), (262, 540)])
    canvas.paint(stroke(handle, 34, 28), [(0, darker(clay, 0.35)), (0.4, lighter(clay, 0.18)), (1, darker(clay, 0.25))])
    canvas.paint(stroke([(x + 4, y - 7) for x, y in handle[8:44]], 7, 4).soft(3), WHITE, strength=0.24)
    upper = smooth([(556, 420), (606, 398), (640, 348), (662, 304)])
    lower = smooth([(694, 312), (676, 376), (640, 450), (560, 520)])
    spout = polygon([*upper, *lower])
    canvas.paint(spout, [(0, lighter(clay, 0.05)), (0.6, lighter(clay, 0.16)), (1, darker(clay, 0.25))])
    canvas.shade(spout, bottom=0.2)
    canvas.gleam([(566, 426), (612, 404), (644, 352), (664, 316)], 12, within=spout, strength=0.35, blur=4)
    canvas.paint(ellipse(678, 308, 17, 7, turned=12), darker(clay, 0.55))
    body = turned_body(
        400, [(312, 108), (332, 150), (392, 200), (462, 212), (528, 190), (574, 142), (592, 122), (602, 120)], tilt=0.16
    )
    canvas.paint(body, glazed(clay, shine=0.26))
    canvas.shade(body, bottom=0.34)
    canvas.paint(ellipse(326, 404, 44, 58, turned=24).soft(20).within(body), WHITE, strength=0.34)
    lid = turned_body(400, [(256, 26), (266, 66), (284, 96), (304, 114), (314, 116)], tilt=0.24)
    canvas.paint(stroke(arc(400, 316, 120, 29, 2, 178), 9).soft(3), darker(clay, 0.55), strength=0.8)
    canvas.paint(lid, glazed(clay, shine=0.26))
    canvas.shade(lid, bottom=0.2)
    canvas.paint(stroke(arc(400, 309, 113, 27, 20, 165), 4).soft(1), lighter(clay, 0.4), strength=0.5)
    canvas.paint(ellipse(400, 258, 30, 9), darker(clay, 0.4))
    knob = ellipse(400, 232, 28, 26)
    canvas.paint(knob, glazed(clay, shine=0.3))
    canvas.shade(knob, bottom=0.3)
    canvas.paint(ellipse(390, 222, 9, 7).soft(3), WHITE, strength=0.5)
    _seal(canvas, 462, 484)
    return canvas


def _seal(canvas: Canvas, x: float, y: float) -> None:
    canvas.paint(rounded(x - 15, y - 15, x + 15, y + 15, 4), rgb("1c1420"), strength=0.18)
    for dy in (-7, 0, 7):
        canvas.paint(stroke([(x - 8, y + dy), (x + 8, y + dy)], 2.4), WHITE, strength=0.22)


def gaiwan(glaze: Colour, painted: Colour | None, ground: Colour, disc: Colour) -> Canvas:
    """A lidded bowl on its saucer; with `painted`, brushed bamboo and rings in that colour."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(400, 620, 236, down=26)
    under = turned_body(400, [(588, 232), (604, 190), (622, 104)], tilt=0.16)
    canvas.paint(under, glazed(glaze, shine=0.5))
    canvas.shade(under, bottom=0.2)
    canvas.paint(
        ellipse(400, 588, 236, 40), [(0, darker(glaze, 0.10)), (0.4, lighter(glaze, 0.6)), (1, darker(glaze, 0.10))]
    )
    canvas.paint(
        ellipse(400, 590, 206, 32), [(0, darker(glaze, 0.20)), (0.5, darker(glaze, 0.05)), (1, darker(glaze, 0.10))]
    )
    canvas.paint(ellipse(410, 590, 120, 20).soft(8), rgb("3a2a2a"), strength=0.30)
    bowl = turned_body(
        400, [(352, 214), (364, 200), (410, 184), (480, 156), (540, 112), (568, 84), (588, 80)], tilt=0.2
    )
    canvas.paint(bowl, glazed(glaze, shine=0.6))
    canvas.shade(bowl, bottom=0.22)
    canvas.gleam([(252, 392), (284, 470), (330, 530)], 24, within=bowl, strength=0.8, blur=8)
    if painted is not None:
        _bamboo(canvas, bowl, painted)
    canvas.paint(
        ellipse(400, 352, 214, 46), [(0, darker(glaze, 0.12)), (0.4, lighter(glaze, 0.7)), (1, darker(glaze, 0.14))]
    )
    inside = ellipse(400, 354, 200, 40)
    canvas.paint(inside, [(0, darker(glaze, 0.34)), (1, darker(glaze, 0.10))])
    canvas.paint(ellipse(400, 366, 186, 34).within(inside), [(0, rgb("c98f3a")), (1, rgb("e3b566"))])
    lid = turned_body(400, [(250, 54), (262, 96), (290, 146), (326, 176), (344, 182)], tilt=0.2)
    canvas.paint(stroke(arc(402, 350, 184, 38, 0, 180), 16).soft(6).within(inside), rgb("3a2a2a"), strength=0.5)
    canvas.paint(lid, glazed(glaze, shine=0.6))
    canvas.shade(lid, bottom=0.16)
    canvas.gleam([(302, 280), (276, 312), (262, 340)], 16, within=lid, strength=0.85, blur=6)
    if painted is not None:
        for y, across in ((300, 158), (338, 181)):
            canvas.paint(stroke(arc(400, y, across, across * 0.2, 4, 176), 4).within(lid), painted, strength=0.8)
    knob = turned_body(400, [(216, 54), (222, 50), (236, 38), (254, 34)], tilt=0.3)
    canvas.paint(knob, glazed(glaze, shine=0.6))
    canvas.paint(
        ellipse(400, 216, 54, 15), [(0, darker(glaze, 0.06)), (0.4, lighter(glaze, 0.7)), (1, darker(glaze, 0.16))]
    )
    canvas.paint(ellipse(400, 217, 42, 10), [(0, darker(glaze, 0.26)), (1, darker(glaze, 0.04))])
    if painted is not None:
        canvas.paint(stroke(arc(400, 216, 48, 13, 0, 360), 3), painted, strength=0.8)
    return canvas


def _bamboo(canvas: Canvas, bowl: Shape, ink: Colour) -> None:
    culm = smooth([(452, 590), (440, 520), (436, 450), (444, 384)])
    for start, end in ((0, 12), (14, 26), (28, 41)):
        canvas.paint(stroke(culm[start:end], 8, 7).within(bowl), ink, strength=0.62)
    sprays = {(438, 474): (150, 172, 196), (436, 430): (20, 44, -4), (446, 528): (8, 34, 58), (442, 400): (160, 185)}
    for (x, y), turns in sprays.items():
        for turn, length in zip(turns, (58, 66, 50), strict=False):
            canvas.paint(leaf(x, y, length, 12, turn).within(bowl), ink, strength=0.74)
    canvas.paint(stroke(arc(400, 370, 200, 42, 6, 174), 4).within(bowl), ink, strength=0.8)


def flask(paint: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A slim vacuum flask with a steel ring, a cord and a lid that is a cup."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(400, 668, 108, down=24)
    body = turned_body(
        400, [(300, 92), (318, 104), (352, 108), (480, 108), (600, 108), (648, 106), (668, 98)], tilt=0.2
    )
    canvas.paint(body, glazed(paint, shine=0.3))
    canvas.shade(body, bottom=0.16)
    canvas.gleam([(336, 350), (334, 480), (336, 640)], 18, within=body, strength=0.55, blur=5)
    canvas.gleam([(492, 350), (494, 480), (492, 640)], 7, within=body, strength=0.25, blur=3)
    steel = rgb("c9ccd0")
    ring = polygon([*arc(400, 276, 93, 18, 0, 180), *arc(400, 302, 93, 18, 180, 0)])
    canvas.paint(
        ring,
        [
            (0, darker(steel, 0.5)),
            (0.2, lighter(steel, 0.5)),
            (0.36, WHITE),
            (0.5, steel),
            (0.78, darker(steel, 0.5)),
            (1, steel),
        ],
    )
    lid_colour = mix(paint, WHITE, 0.12)
    lid = turned_body(400, [(142, 72), (152, 84), (180, 91), (270, 93), (282, 93)], tilt=0.2)
    canvas.paint(lid, glazed(lid_colour, shine=0.34))
    canvas.shade(lid, bottom=0.14)
    canvas.gleam([(344, 178), (342, 220), (343, 272)], 15, within=lid, strength=0.55, blur=4)
    canvas.paint(
        ellipse(400, 146, 74, 13),
        [(0, lighter(lid_colour, 0.1)), (0.35, lighter(lid_colour, 0.45)), (1, darker(lid_colour, 0.08))],
    )
    canvas.paint(ellipse(400, 146, 58, 9), lid_colour, strength=0.55)
    cord = smooth([(484, 170), (536, 182), (556, 240), (532, 296), (486, 292)])
    canvas.paint(stroke([(x + 6, y + 6) for x, y in cord], 11).soft(5), rgb("3a2a2a"), strength=0.2)
    canvas.paint(stroke(cord, 12), [(0, rgb("7a563c")), (0.5, rgb("b58863")), (1, rgb("8a6345"))])
    canvas.paint(stroke([(x - 1, y - 3) for x, y in cord], 3), lighter(rgb("b58863"), 0.45), strength=0.7)
    for turn, length in ((-122, 84), (-58, 66), (-90, 112)):
        canvas.paint(leaf(400, 592, length, 26, turn), lighter(paint, 0.72), strength=0.75)
    canvas.paint(stroke([(400, 590), (400, 622)], 5, 4), lighter(paint, 0.72), strength=0.75)
    return canvas
