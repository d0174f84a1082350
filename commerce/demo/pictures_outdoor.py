"""Pictures of the things for outdoors: yoga mat, lantern, tent, skipping rope."""

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
    lighter,
    mix,
    polygon,
    rgb,
    rounded,
    smooth,
    stroke,
    turned_body,
)
from commerce.demo.textures import bar, hatched, mirrored, stitched, straight, together

INK = rgb("1c1420")
STEEL = [(0.0, rgb("6d7177")), (0.3, rgb("f3f4f5")), (0.6, rgb("b5b9be")), (1.0, rgb("5f6369"))]


def yoga_mat(foam: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A mat half rolled up, seen from the end of the roll."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(420, 612, 300, down=26, strength=0.26)
    under = darker(mix(foam, rgb("efe6d6"), 0.35), 0.05)
    sheet = polygon([(214, 522), (560, 438), (742, 556), (356, 664)])
    canvas.paint(Shape(sheet.left + 4, sheet.top + 12, sheet.cover).soft(8), rgb("3a2a2a"), strength=0.3)
    canvas.paint(polygon([(214, 522), (356, 664), (742, 556), (742, 568), (356, 677), (214, 536)]), darker(foam, 0.4))
    canvas.paint(sheet, [(0, darker(foam, 0.2)), (0.4, lighter(foam, 0.16)), (1, foam)])
    canvas.paint(hatched(sheet, 9, slope=0.25), darker(foam, 0.6), strength=0.1)
    canvas.paint(hatched(sheet, 9, slope=-0.7), WHITE, strength=0.1)
    canvas.paint(
        stitched(straight((396, 486), (560, 604)), length=14, gap=9, width=3), lighter(foam, 0.6), strength=0.8
    )
    roll = polygon(
        [*arc(226, 462, 92, 100, 100, 270, turned=-6), *arc(570, 380, 92, 100, -90, 90, turned=-6), (228, 562)]
    )
    canvas.paint(Shape(roll.left + 18, roll.top + 22, roll.cover).soft(14), rgb("3a2a2a"), strength=0.3)
    body = [(0, lighter(foam, 0.1)), (0.25, lighter(foam, 0.36)), (0.55, foam), (1, darker(foam, 0.42))]
    canvas.paint(roll, body, across=False)
    canvas.paint(hatched(roll, 9, slope=0.25), darker(foam, 0.6), strength=0.09)
    canvas.paint(stroke([(230, 386), (560, 304)], 26).soft(12).within(roll), WHITE, strength=0.3)
    for x, y in ((352, 432), (470, 404)):
        band = polygon(
            [*arc(x, y, 90, 101, 100, 268, turned=-6), *reversed(arc(x + 26, y - 6, 90, 101, 100, 268, turned=-6))]
        )
        canvas.paint(band.within(roll), [(0, rgb("4c4a4f")), (0.4, rgb("77757b")), (1, rgb("38363b"))], across=False)
    end = ellipse(226, 462, 92, 101, turned=-6)
    canvas.paint(end, [(0, lighter(under, 0.3)), (1, darker(under, 0.16))])
    spiral: list[Point] = []
    for step in range(150):
        share = step / 149
        spiral.append(
            arc(226, 462, 88 * (1 - share * 0.86), 97 * (1 - share * 0.86), share * 1980 - 80, share * 1980 - 79)[0]
        )
    canvas.paint(stroke(spiral, 5.5), darker(foam, 0.3))
    canvas.paint(ellipse(226, 462, 11, 12), darker(foam, 0.6))
    return canvas


def lantern(paint: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A storm lantern with a warm light behind its glass."""
    canvas = Canvas(ground, disc=disc)
    canvas.paint(ellipse(400, 392, 210, 220).soft(60), rgb("ffdf9a"), strength=0.6)
    canvas.shadow(402, 650, 150, down=20)
    bail = smooth([(268, 330), (252, 200), (310, 104), (400, 78), (490, 104), (548, 200), (532, 330)])
    canvas.paint(stroke(bail, 9), STEEL)
    canvas.paint(stroke(smooth([(360, 84), (400, 76), (440, 84)]), 20), glazed(rgb("a9764b")))
    glass = turned_body(400, [(282, 84), (330, 116), (400, 132), (470, 116), (516, 86)], tilt=0.2)
    canvas.paint(
        glass, [(0, rgb("f2c36b")), (0.35, rgb("fff3cd")), (0.6, rgb("ffe2a0")), (1, rgb("e0a24a"))], strength=0.92
    )
    canvas.paint(ellipse(400, 430, 62, 84).soft(22).within(glass), rgb("fffdf0"), strength=0.95)
    flame = polygon(smooth(mirrored([(400, 342), (378, 400), (366, 446), (380, 486), (400, 496)]), closed=True))
    canvas.paint(flame.soft(5), [(0, rgb("fff6d2")), (0.6, rgb("ffc766")), (1, rgb("f59b3e"))], across=False)
    canvas.gleam([(312, 330), (296, 400), (312, 470)], 14, within=glass, strength=0.9, blur=4)
    canvas.gleam([(482, 330), (500, 400), (486, 470)], 7, within=glass, strength=0.6, blur=3)
    for y, across in ((354, 126), (446, 128)):
        canvas.paint(stroke(arc(400, y, across, 24, 0, 180), 6), STEEL)
    for side in (-1, 1):
        rod = smooth(
            [(400 + 108 * side, 290), (400 + 150 * side, 340), (400 + 152 * side, 470), (400 + 118 * side, 560)]
        )
        canvas.paint(stroke(rod, 17), glazed(paint))
        canvas.paint(stroke([(x - 3, y) for x, y in rod], 4).soft(1.5), WHITE, strength=0.4)
    foot = turned_body(400, [(506, 92), (524, 120), (560, 134), (610, 150), (640, 150), (648, 146)], tilt=0.16)
    canvas.paint(foot, glazed(paint, shine=0.3))
    canvas.shade(foot, bottom=0.3)
    canvas.paint(ellipse(400, 508, 92, 16), darker(paint, 0.3))
    canvas.paint(ellipse(400, 505, 76, 12), rgb("ffd98c"), strength=0.8)
    canvas.gleam([(300, 560), (282, 600), (286, 636)], 18, within=foot, strength=0.45, blur=7)
    canvas.paint(ellipse(400, 602, 26, 26), darker(paint, 0.45))
    canvas.paint(ellipse(399, 599, 23, 23), STEEL)
    canvas.paint(rounded(396, 580, 402, 600, 3), rgb("4a4d52"))
    cap = turned_body(400, [(196, 40), (214, 64), (236, 70), (262, 96), (286, 116)], tilt=0.2)
    canvas.paint(cap, glazed(paint, shine=0.34))
    canvas.shade(cap, bottom=0.24)
    slots = [bar((x, 222), (x, 240), 7) for x in range(352, 460, 19)]
    canvas.paint(together(slots), darker(paint, 0.62))
    knob = turned_body(400, [(170, 16), (178, 22), (196, 20)], tilt=0.3)
    canvas.paint(knob, STEEL)
    return canvas


def tent(cloth: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A ridge tent with its door open, on a piece of grass."""
    canvas = Canvas(ground, disc=disc)
    grass = rgb("9db283")
    canvas.paint(ellipse(424, 602, 352, 72).soft(3), [(0, lighter(grass, 0.25)), (1, grass)], across=False)
    blades = [bar((x, 604 + (x * 7) % 52), (x + 4, 590 + (x * 7) % 52), 3) for x in range(120, 720, 17)]
    canvas.paint(together(blades), darker(grass, 0.3), strength=0.5)
    canvas.paint(ellipse(430, 616, 270, 30).soft(14), rgb("2c3325"), strength=0.42)
    for start, end in (((288, 206), (88, 600)), ((560, 186), (738, 556))):
        canvas.paint(stroke([start, end], 3), rgb("d9825b"))
        canvas.paint(together([bar((end[0] - 3, end[1] - 12), (end[0] + 4, end[1] + 12), 6)]), rgb("70757b"))
    far = polygon([(288, 204), (560, 184), *smooth([(560, 184), (610, 330), (700, 556)]), (470, 618), (440, 560)])
    canvas.paint(far, [(0, lighter(cloth, 0.2)), (0.5, cloth), (1, darker(cloth, 0.22))])
    canvas.shade(far, bottom=0.24)
    for low, high in (((540, 600), (392, 196)), ((622, 578), (480, 190))):
        canvas.paint(stroke([high, low], 3), darker(cloth, 0.4), strength=0.5)
        canvas.paint(
            stroke([(high[0] + 6, high[1]), (low[0] + 10, low[1])], 10).soft(5).within(far), WHITE, strength=0.25
        )
    window = polygon(smooth([(500, 300), (566, 294), (596, 372), (520, 384)], closed=True))
    canvas.paint(window, [(0, rgb("4c5a52")), (1, rgb("6f8076"))])
    canvas.paint(hatched(window, 6, slope=0), WHITE, strength=0.2)
    canvas.paint(hatched(window, 6, slope=99), WHITE, strength=0.2)
    front = polygon(
        [
            *smooth([(288, 204), (236, 360), (128, 606)]),
            *smooth([(128, 606), (300, 626), (470, 618)]),
            *smooth([(470, 618), (356, 370), (288, 204)]),
        ]
    )
    canvas.paint(front, [(0, lighter(cloth, 0.1)), (0.4, lighter(cloth, 0.34)), (1, darker(cloth, 0.04))])
    door = polygon(
        [
            *smooth([(290, 268), (258, 420), (206, 612)]),
            (300, 624),
            (398, 620),
            *smooth([(398, 620), (338, 420), (290, 268)]),
        ]
    )
    canvas.paint(door, [(0, rgb("39332e")), (0.6, rgb("5c5145")), (1, rgb("8a7760"))], across=False)
    canvas.paint(ellipse(304, 600, 70, 40).soft(24).within(door), rgb("ffcf83"), strength=0.75)
    canvas.paint(rounded(244, 572, 372, 620, 20).within(door), rgb("c97b55"))
    canvas.paint(ellipse(268, 584, 30, 17).within(door), rgb("f2e7d5"))
    for side, points in (
        (0.32, [(290, 268), (258, 420), (206, 612), (168, 610), (214, 450)]),
        (0.16, [(290, 268), (338, 420), (398, 620), (436, 619), (366, 450)]),
    ):
        flap = polygon(smooth(points, closed=True)).within(front)
        canvas.paint(flap, [(0, lighter(cloth, side + 0.2)), (1, darker(cloth, 0.12))])
    _tent_edges(canvas, cloth)
    return canvas


def _tent_edges(canvas: Canvas, cloth: Colour) -> None:
    canvas.paint(stitched(smooth([(290, 236), (290, 250), (290, 268)])), WHITE)
    canvas.paint(stroke(smooth([(288, 204), (236, 360), (128, 606)]), 5), lighter(cloth, 0.5))
    canvas.paint(stroke([(288, 204), (560, 184)], 6), lighter(cloth, 0.5))
    for x, y in ((288, 204), (560, 184)):
        canvas.paint(together([bar((x, y), (x - 3, y - 34), 7)]), rgb("8d9298"))
    flag = polygon([(286, 172), (330, 182), (286, 196)])
    canvas.paint(flag, rgb("d9825b"))


def rope(tone: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A skipping rope in two loops, its handles crossed in front."""
    canvas = Canvas(ground, disc=disc)
    loops = [(318, 500), (236, 384), (196, 262), (256, 172), (366, 180), (404, 290), (380, 420), (430, 502)]
    loops += [(538, 470), (620, 360), (602, 222), (508, 168), (420, 230), (432, 380), (494, 500)]
    line = smooth(loops, steps=24)
    canvas.paint(stroke([(x + 6, y + 10) for x, y in line], 12).soft(6), rgb("3a2a2a"), strength=0.3)
    canvas.paint(stroke(line, 13), [(0, darker(tone, 0.14)), (0.4, lighter(tone, 0.16)), (1, darker(tone, 0.2))])
    canvas.paint(stroke([(x - 2, y - 3) for x, y in line], 3.4).soft(1), WHITE, strength=0.5)
    for top, low in (((318, 500), (352, 652)), ((494, 500), (458, 652))):
        _grip(canvas, top, low, tone)
    return canvas


def _grip(canvas: Canvas, top: Point, low: Point, tone: Colour) -> None:
    line = straight(top, low)
    canvas.paint(stroke([(x + 8, y + 12) for x, y in line], 40).soft(9), rgb("3a2a2a"), strength=0.34)
    canvas.paint(stroke(line[:12], 20), STEEL)
    grip = line[9:]
    shell = rgb("3a3d43")
    canvas.paint(stroke(grip, 44, 38), [(0, darker(shell, 0.3)), (0.4, lighter(shell, 0.26)), (1, darker(shell, 0.4))])
    for start in (16, 24, 32, 40):
        piece = line[start : start + 3]
        canvas.paint(stroke(piece, 40, 39), mix(tone, shell, 0.1))
    right, down = (low[1] - top[1]) / 18, (top[0] - low[0]) / 18
    canvas.paint(stroke([(x - abs(right) * 1.2, y - down * 0.4) for x, y in grip[2:]], 6).soft(3), WHITE, strength=0.4)
