"""Pictures of the small electronics: earbuds, power bank, desk lamp, gooseneck kettle."""

from commerce.demo.canvas import (
    WHITE,
    Canvas,
    Colour,
    Shape,
    arc,
    darker,
    ellipse,
    glazed,
    lighter,
    mix,
    polygon,
    rgb,
    rounded,
    smooth,
    stroke,
    turned_body,
)

STEEL = rgb("c6c9cd")
STEEL_SHEEN = [
    (0.0, darker(STEEL, 0.5)),
    (0.2, lighter(STEEL, 0.5)),
    (0.34, WHITE),
    (0.5, STEEL),
    (0.8, darker(STEEL, 0.5)),
    (1.0, STEEL),
]


def earbuds(shell: Colour, ground: Colour, disc: Colour) -> Canvas:
    """An open charging case with one earbud in it and one standing in front."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(388, 628, 206, down=24)
    lid = rounded(198, 176, 578, 420, 92)
    canvas.paint(lid, glazed(shell, shine=0.4))
    canvas.shade(lid, bottom=0.2)
    lining = rounded(222, 204, 554, 420, 74)
    canvas.paint(lining, [(0, darker(shell, 0.42)), (1, darker(shell, 0.24))], across=False)
    canvas.gleam([(262, 250), (330, 222), (470, 222)], 16, within=lining, strength=0.22, blur=9)
    for x in (300, 476):
        canvas.paint(ellipse(x, 392, 74, 58).soft(4).within(lining), darker(shell, 0.55), strength=0.6)
    _bud(canvas, 304, 352, shell, mirrored=False)
    base = rounded(190, 392, 586, 634, 104)
    canvas.paint(
        Shape(base.left, base.top - 8, base.cover).soft(7).within(rounded(198, 176, 578, 440, 92)),
        rgb("1c1420"),
        strength=0.35,
    )
    canvas.paint(base, glazed(shell, shine=0.4))
    canvas.shade(base, bottom=0.24)
    canvas.paint(stroke([(252, 398), (524, 398)], 7), lighter(shell, 0.65), strength=0.7)
    canvas.gleam([(232, 446), (228, 520), (252, 590)], 22, within=base, strength=0.6, blur=8)
    canvas.paint(ellipse(388, 470, 8, 8).soft(5), rgb("6fd08c"), strength=0.9)
    canvas.paint(ellipse(388, 470, 5, 5), rgb("8be3a4"))
    canvas.shadow(636, 646, 46, down=12, strength=0.4)
    canvas.paint(stroke([(658, 510), (656, 636)], 40, 31), glazed(shell, shine=0.4))
    canvas.paint(stroke([(647, 540), (647, 630)], 6).soft(2), WHITE, strength=0.55)
    canvas.paint(ellipse(656, 646, 13, 6), [(0, darker(STEEL, 0.4)), (0.5, WHITE), (1, darker(STEEL, 0.4))])
    _bud(canvas, 634, 498, shell, mirrored=True)
    return canvas


def _bud(canvas: Canvas, x: float, y: float, shell: Colour, *, mirrored: bool) -> None:
    side = -1 if mirrored else 1
    tip = ellipse(x + 50 * side, y + 8, 26, 34, turned=20 * side)
    canvas.paint(tip, glazed(mix(shell, rgb("55565c"), 0.45), shine=0.3))
    head = ellipse(x, y, 56, 52, turned=18 * side)
    canvas.paint(head, glazed(shell, shine=0.42))
    canvas.shade(head, bottom=0.26)
    canvas.paint(ellipse(x - 18, y - 20, 20, 13, turned=-24).soft(5).within(head), WHITE, strength=0.75)
    canvas.paint(ellipse(x - 6 * side, y + 16, 13, 4.5, turned=14), darker(shell, 0.7), strength=0.75)


def power_bank(shell: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A slim power bank standing upright with its charge lights on, a cable in front of it."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(408, 646, 150, down=20)
    depth = rounded(280, 150, 556, 650, 48)
    canvas.paint(depth, [(0, darker(shell, 0.3)), (0.9, darker(shell, 0.46)), (1, darker(shell, 0.3))])
    face = rounded(262, 144, 532, 650, 46)
    canvas.paint(face, [(0, lighter(shell, 0.34)), (0.4, shell), (1, darker(shell, 0.16))])
    canvas.shade(face, bottom=0.2)
    inner = rounded(268, 150, 526, 644, 41)
    canvas.paint(face.without(inner), lighter(shell, 0.6), strength=0.5)
    sheen = polygon([(262, 144), (420, 144), (300, 650), (262, 650)]).within(inner)
    canvas.paint(sheen, [(0, WHITE), (1, lighter(shell, 0.4))], strength=0.14)
    for place in range(4):
        x = 362 + place * 24
        lit = place < 3
        if lit:
            canvas.paint(ellipse(x, 214, 8, 8).soft(5), rgb("7fd6ff"), strength=0.8)
        canvas.paint(ellipse(x, 214, 5, 5), rgb("dff5ff") if lit else darker(shell, 0.3))
    bolt = polygon([(408, 356), (364, 436), (394, 436), (384, 498), (432, 410), (400, 410)])
    canvas.paint(bolt, mix(shell, WHITE if sum(shell) < 380 else rgb("6b6f76"), 0.55))
    port = rounded(366, 596, 430, 616, 10)
    canvas.paint(port, darker(shell, 0.72))
    canvas.paint(rounded(376, 603, 420, 609, 3), darker(shell, 0.35))
    cable = smooth([(546, 666), (612, 660), (668, 622), (656, 566), (600, 570), (592, 630), (660, 690), (740, 700)])
    for piece in (cable[54:], cable[:58]):
        canvas.paint(stroke([(x + 3, y + 4) for x, y in piece], 12).soft(3), rgb("3a2a2a"), strength=0.25)
        canvas.paint(
            stroke(piece, 13), [(0, lighter(shell, 0.30)), (0.5, lighter(shell, 0.14)), (1, darker(shell, 0.1))]
        )
        canvas.paint(stroke([(x, y - 3) for x, y in piece], 3), lighter(shell, 0.7), strength=0.5)
    canvas.paint(rounded(488, 652, 556, 682, 9), [(0, lighter(shell, 0.35)), (1, darker(shell, 0.2))], across=False)
    canvas.paint(rounded(462, 659, 490, 675, 6), [(0, WHITE), (1, darker(STEEL, 0.3))], across=False)
    return canvas


def lamp(paint: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A desk lamp with a jointed arm and a cone of warm light."""
    canvas = Canvas(ground, disc=disc)
    beam = polygon([(452, 306), (612, 246), (764, 640), (404, 648)])
    canvas.paint(
        beam.soft(16), [(0, rgb("fff0c2")), (0.6, rgb("fff4d8")), (1, rgb("fff8e6"))], across=False, strength=0.6
    )
    canvas.paint(ellipse(584, 648, 184, 26).soft(12), rgb("fff3cf"), strength=0.95)
    canvas.shadow(278, 640, 128, down=18)
    foot = turned_body(270, [(612, 122), (622, 128), (640, 126)], tilt=0.2)
    canvas.paint(foot, glazed(paint))
    canvas.paint(
        ellipse(270, 612, 122, 24), [(0, darker(paint, 0.06)), (0.4, lighter(paint, 0.35)), (1, darker(paint, 0.12))]
    )
    canvas.paint(ellipse(324, 614, 15, 5), lighter(paint, 0.7))
    for start, end, width in (((270, 610), (206, 396), 17), ((206, 396), (420, 196), 15)):
        canvas.paint(
            stroke([start, end], width), [(0, darker(STEEL, 0.3)), (0.5, lighter(STEEL, 0.5)), (1, darker(STEEL, 0.42))]
        )
        canvas.paint(stroke([(start[0] - 3, start[1] - 2), (end[0] - 3, end[1] - 2)], 4).soft(1), WHITE, strength=0.7)
    collar = turned_body(270, [(584, 22), (600, 26), (614, 30)], tilt=0.3)
    canvas.paint(collar, glazed(paint))
    _joint(canvas, 206, 396, paint)
    crown = polygon(smooth([(398, 166), (440, 138), (476, 170), (448, 214), (404, 216)], closed=True))
    canvas.paint(crown, glazed(darker(paint, 0.12)))
    shade = polygon(
        [
            *smooth([(408, 190), (414, 240), (430, 282), (446, 318)]),
            *smooth([(622, 252), (572, 208), (524, 172), (470, 154)]),
        ]
    )
    canvas.paint(shade, [(0, darker(paint, 0.10)), (0.3, lighter(paint, 0.34)), (0.6, paint), (1, darker(paint, 0.26))])
    canvas.shade(shade, bottom=0.12)
    canvas.gleam([(444, 190), (462, 236), (482, 286)], 18, within=shade, strength=0.5, blur=7)
    rim = ellipse(534, 285, 95, 26, turned=-20.5)
    canvas.paint(rim, [(0, darker(paint, 0.3)), (1, darker(paint, 0.1))])
    canvas.paint(
        ellipse(535, 288, 87, 21, turned=-20.5), [(0, rgb("ffe9ad")), (0.5, rgb("fffbe9")), (1, rgb("ffe6a2"))]
    )
    canvas.paint(ellipse(535, 288, 60, 13, turned=-20.5).soft(6), WHITE, strength=0.9)
    _joint(canvas, 420, 196, paint)
    return canvas


def _joint(canvas: Canvas, x: float, y: float, paint: Colour) -> None:
    canvas.paint(ellipse(x, y, 21, 21), glazed(darker(paint, 0.1)))
    canvas.paint(ellipse(x, y, 10, 10), STEEL_SHEEN)


def kettle(paint: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A gooseneck kettle on its heating base with a small display."""
    canvas = Canvas(ground, disc=disc)
    wood = rgb("a9764b")
    canvas.shadow(396, 654, 190, down=22)
    stand = turned_body(390, [(596, 168), (606, 176), (640, 176), (650, 172)], tilt=0.16)
    canvas.paint(stand, glazed(darker(paint, 0.1), shine=0.28))
    canvas.paint(ellipse(390, 597, 168, 28), [(0, paint), (0.4, lighter(paint, 0.34)), (1, darker(paint, 0.18))])
    canvas.paint(rounded(352, 634, 428, 660, 6), rgb("15181c"))
    for x in (366, 382, 398):
        canvas.paint(rounded(x, 641, x + 10, 653, 2), rgb("ff9a4a"), strength=0.95)
    canvas.paint(stroke(arc(414, 644, 2.5, 2.5, 0, 360), 1.6), rgb("ff9a4a"))
    spout = smooth([(274, 540), (206, 524), (176, 460), (172, 380), (150, 318), (112, 296)])
    canvas.paint(
        stroke(spout, 40, 17), [(0, darker(paint, 0.2)), (0.4, lighter(paint, 0.26)), (1, darker(paint, 0.25))]
    )
    canvas.paint(stroke([(x - 5, y - 3) for x, y in spout[10:66]], 7, 4).soft(2.5), WHITE, strength=0.45)
    canvas.paint(ellipse(111, 296, 5, 8, turned=28), darker(paint, 0.7))
    handle = smooth([(486, 316), (566, 300), (634, 312), (652, 360), (640, 460), (618, 540)])
    canvas.paint(stroke(handle[:30], 17), STEEL_SHEEN)
    grip = handle[26:]
    canvas.paint(stroke(grip, 36, 30), [(0, darker(wood, 0.25)), (0.4, lighter(wood, 0.22)), (1, darker(wood, 0.3))])
    canvas.paint(stroke([(x - 7, y) for x, y in grip], 5).soft(2.5), WHITE, strength=0.4)
    body = turned_body(384, [(292, 106), (310, 112), (400, 132), (500, 150), (560, 156), (592, 150)], tilt=0.17)
    canvas.paint(body, glazed(paint, shine=0.3))
    canvas.shade(body, bottom=0.26)
    canvas.gleam([(312, 324), (294, 430), (282, 560)], 22, within=body, strength=0.5, blur=8)
    canvas.gleam([(476, 330), (498, 440), (510, 560)], 8, within=body, strength=0.2, blur=4)
    collar = polygon([*arc(384, 284, 106, 19, 0, 180), *arc(384, 296, 107, 19, 180, 0)])
    canvas.paint(collar, STEEL_SHEEN)
    lid = turned_body(384, [(250, 70), (258, 92), (274, 102), (286, 104)], tilt=0.17)
    canvas.paint(lid, glazed(paint, shine=0.36))
    canvas.paint(ellipse(384, 251, 70, 12), lighter(paint, 0.22), strength=0.9)
    knob = turned_body(384, [(206, 25), (216, 29), (236, 22), (250, 18)], tilt=0.26)
    canvas.paint(knob, glazed(wood))
    canvas.paint(ellipse(384, 206, 25, 7), lighter(wood, 0.25))
    return canvas
