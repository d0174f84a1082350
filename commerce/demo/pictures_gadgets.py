"""Pictures of the small things for the desk: speaker, keyboard, mouse, phone stand, travel adapter."""

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
)
from commerce.demo.textures import bar, box, hatched, mirrored, together

INK = rgb("1c1420")
METAL = rgb("c9ccd1")


def speaker(cloth: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A round speaker in woven cloth with a cord to carry it."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(400, 622, 196, down=24)
    cord = smooth([(560, 372), (628, 330), (682, 372), (676, 446), (624, 470)])
    canvas.paint(stroke(cord, 13), [(0, darker(cloth, 0.45)), (0.6, darker(cloth, 0.25)), (1, darker(cloth, 0.5))])
    canvas.paint(stroke([(x - 2, y - 3) for x, y in cord], 3).soft(1), WHITE, strength=0.3)
    body = polygon(
        smooth(
            mirrored([(400, 296), (300, 312), (212, 376), (176, 474), (206, 570), (296, 622), (400, 632)]), closed=True
        )
    )
    canvas.paint(body, glazed(cloth, shine=0.24))
    for slope in (0.8, -0.8):
        canvas.paint(hatched(body, 7, slope=slope), darker(cloth, 0.6), strength=0.16)
        canvas.paint(
            Shape(body.left + 1, body.top + 2, hatched(body, 7, slope=slope).cover).within(body),
            lighter(cloth, 0.6),
            strength=0.16,
        )
    canvas.shade(body, bottom=0.4)
    canvas.paint(ellipse(286, 420, 50, 76, turned=24).soft(24).within(body), WHITE, strength=0.28)
    foot = polygon([*arc(400, 590, 190, 34, 0, 180), *arc(400, 660, 190, 34, 180, 0)]).within(body)
    canvas.paint(foot, darker(cloth, 0.6), strength=0.75)
    top = ellipse(400, 346, 128, 38)
    canvas.paint(ellipse(400, 350, 134, 42), darker(cloth, 0.5))
    canvas.paint(top, [(0, darker(cloth, 0.34)), (0.4, darker(cloth, 0.12)), (1, darker(cloth, 0.4))])
    canvas.paint(stroke(arc(400, 347, 126, 36, 190, 300), 3).soft(1), WHITE, strength=0.45)
    signs = [bar((318, 346), (346, 346), 6), bar((454, 346), (482, 346), 6), bar((468, 338), (468, 354), 7)]
    signs.append([(390, 336), (390, 356), (414, 346)])
    canvas.paint(together(signs), lighter(cloth, 0.75), strength=0.9)
    canvas.paint(ellipse(400, 374, 6, 3).soft(3), rgb("8be3a4"), strength=0.9)
    canvas.paint(rounded(360, 520, 440, 536, 5), lighter(cloth, 0.75), strength=0.55)
    return canvas


ROWS: tuple[tuple[float, ...], ...] = (
    (1,) * 16,
    (*(1,) * 13, 2, 1),
    (1.5, *(1,) * 12, 1.5, 1),
    (1.75, *(1,) * 11, 2.25, 1),
    (2.25, *(1,) * 10, 1.75, 1, 1),
    (1.25, 1.25, 1.25, 6.25, 1, 1, 1, 1, 1, 1),
)
"""Widths of the keys of each row, from left to right, in keys."""


def _on_the_board(across: float, down: float, lifted: float = 0) -> Point:
    """A place on the keyboard, in keys, on the picture."""
    return 122 + across * 32 + down * 10, 392 - across * 6.5 + down * 32 - lifted


def _key(left: float, row: int, width: float, *, gap: float, lifted: float) -> list[Point]:
    right, top, bottom = left + width - gap, row + gap, row + 1 - gap
    left += gap
    cut = 0.14
    corners = [(left + cut, top), (right - cut, top), (right, top + cut), (right, bottom - cut)]
    corners += [(right - cut, bottom), (left + cut, bottom), (left, bottom - cut), (left, top + cut)]
    return [_on_the_board(x, y, lifted) for x, y in corners]


def keyboard(case: Colour, keys: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A compact keyboard seen from above, a few of its keys in colour."""
    canvas = Canvas(ground, disc=disc)
    frame = [_on_the_board(x, y) for x, y in ((-0.3, -0.3), (16.3, -0.3), (16.3, 6.3), (-0.3, 6.3))]
    canvas.paint(polygon([(x + 14, y + 50) for x, y in frame]).soft(18), rgb("3a2a2a"), strength=0.42)
    depth = polygon([frame[0], frame[3], frame[2], *((x, y + 34) for x, y in (frame[2], frame[3], frame[0]))])
    canvas.paint(depth, [(0, darker(case, 0.32)), (0.5, darker(case, 0.2)), (1, darker(case, 0.42))])
    canvas.paint(polygon(frame), [(0, lighter(case, 0.3)), (0.5, case), (1, darker(case, 0.14))])
    canvas.paint(stroke(frame[3:] + frame[2:3], 3), lighter(case, 0.7), strength=0.7)
    bed = [_on_the_board(x, y) for x, y in ((-0.05, -0.05), (16.05, -0.05), (16.05, 6.05), (-0.05, 6.05))]
    canvas.paint(polygon(bed), darker(case, 0.5))
    plain: list[tuple[float, int, float]] = []
    soft: list[tuple[float, int, float]] = []
    for row, widths in enumerate(ROWS):
        left = 0.0
        for width in widths:
            edge = width != 1 or left >= 14.9 or (row == 0 and not 1 <= left < 14)
            (soft if edge and width < 6 else plain).append((left, row, width))
            left += width
    bright = [soft.pop(0)]
    bright.append(soft.pop(next(place for place, key in enumerate(soft) if key[1] == 3 and key[2] == 2.25)))
    for group, tone in ((plain, keys), (soft, mix(keys, rgb("7d8790"), 0.35)), (bright, rgb("d9825b"))):
        canvas.paint(together(_key(*key, gap=0.05, lifted=2) for key in group), darker(tone, 0.34))
        tops = together(_key(*key, gap=0.12, lifted=9) for key in group)
        canvas.paint(tops, [(0, lighter(tone, 0.28)), (0.6, tone), (1, darker(tone, 0.1))])
    return canvas


def mouse(shell: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A mouse seen from above and a little from the side."""
    canvas = Canvas(ground, disc=disc)
    outline = smooth(
        mirrored([(400, 156), (330, 166), (276, 220), (258, 320), (262, 430), (292, 540), (350, 596), (400, 606)]),
        closed=True,
    )
    canvas.paint(polygon([(x + 18, y + 44) for x, y in outline]).soft(20), rgb("3a2a2a"), strength=0.4)
    side = polygon([(400 + (x - 400) * 1.05, y + 34) for x, y in outline])
    canvas.paint(side, glazed(darker(shell, 0.2), shine=0.2))
    canvas.paint(polygon([(400 + (x - 400) * 1.03, y + 18) for x, y in outline]), glazed(darker(shell, 0.1), shine=0.2))
    body = polygon(outline)
    canvas.paint(body, glazed(shell, shine=0.4))
    canvas.shade(body, bottom=0.24)
    palm = polygon(
        smooth([(258, 372), (330, 398), (400, 404), (470, 398), (542, 372), (580, 640), (220, 640)], closed=True)
    )
    canvas.paint(palm.within(body), darker(shell, 0.3), strength=0.16)
    canvas.paint(
        stroke(smooth([(256, 372), (330, 396), (400, 402), (470, 396), (544, 372)]), 4).within(body), darker(shell, 0.4)
    )
    canvas.paint(stroke([(400, 150), (400, 400)], 4).within(body), darker(shell, 0.4))
    canvas.gleam([(306, 226), (290, 320), (296, 470)], 34, within=body, strength=0.6, blur=12)
    canvas.gleam([(470, 200), (500, 270), (506, 350)], 12, within=body, strength=0.35, blur=6)
    well = rounded(377, 226, 423, 328, 22)
    canvas.paint(well, darker(shell, 0.62))
    wheel = rounded(384, 234, 416, 320, 15)
    canvas.paint(wheel, [(0, rgb("2b2d31")), (0.4, rgb("6b6e75")), (1, rgb("26282c"))])
    canvas.paint(hatched(wheel, 8, slope=0, width=2), rgb("111317"), strength=0.6)
    canvas.paint(rounded(390, 344, 410, 358, 5), darker(shell, 0.5), strength=0.7)
    canvas.paint(ellipse(400, 372, 4, 4), rgb("8be3a4"))
    for start, end in (((264, 296), (260, 344)), ((260, 354), (260, 400))):
        canvas.paint(stroke([start, end], 11), darker(shell, 0.42))
        canvas.paint(stroke([(start[0] - 2, start[1]), (end[0] - 2, end[1])], 3), lighter(shell, 0.4), strength=0.6)
    return canvas


def phone_stand(metal: Colour, ground: Colour, disc: Colour) -> Canvas:
    """An aluminium stand that holds a phone upright."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(400, 640, 170, down=20)
    sheen = [(0.0, darker(metal, 0.3)), (0.3, lighter(metal, 0.55)), (0.6, metal), (1.0, darker(metal, 0.34))]
    canvas.paint(rounded(262, 596, 538, 652, 26), sheen)
    foot = rounded(262, 580, 538, 634, 27)
    canvas.paint(foot, [(0, metal), (0.35, lighter(metal, 0.6)), (0.7, lighter(metal, 0.1)), (1, darker(metal, 0.2))])
    canvas.paint(rounded(372, 596, 428, 614, 9), darker(metal, 0.6))
    canvas.paint(rounded(352, 470, 448, 600, 10), sheen)
    canvas.paint(
        rounded(340, 574, 460, 604, 15), [(0, darker(metal, 0.45)), (0.4, lighter(metal, 0.3)), (1, darker(metal, 0.5))]
    )
    phone = rounded(284, 128, 516, 540, 34)
    canvas.paint(Shape(phone.left + 6, phone.top + 10, phone.cover).soft(10), INK, strength=0.3)
    canvas.paint(phone, [(0, rgb("4a4d55")), (0.5, rgb("2b2d33")), (1, rgb("191a1f"))])
    screen = rounded(294, 138, 506, 530, 26)
    canvas.paint(
        screen, [(0, rgb("f3b98b")), (0.45, rgb("e58f7a")), (0.75, rgb("7a6d9c")), (1, rgb("40446e"))], across=False
    )
    canvas.paint(ellipse(400, 318, 46, 46).within(screen), rgb("fff0cf"), strength=0.95)
    canvas.paint(
        polygon(
            smooth([(280, 420), (340, 372), (392, 418), (446, 356), (520, 430), (520, 560), (280, 560)], closed=True)
        ).within(screen),
        rgb("56507f"),
    )
    canvas.paint(
        polygon(smooth([(280, 470), (356, 430), (430, 476), (520, 440), (530, 560), (270, 560)], closed=True)).within(
            screen
        ),
        rgb("38375f"),
    )
    canvas.paint(rounded(372, 148, 428, 164, 8), rgb("15161a"))
    canvas.paint(polygon([(294, 138), (400, 138), (310, 530), (294, 530)]).within(screen), WHITE, strength=0.12)
    for left in (306, 436):
        canvas.paint(rounded(left, 508, left + 58, 566, 12), sheen)
        canvas.paint(rounded(left + 5, 513, left + 53, 528, 6), rgb("3b3e44"), strength=0.85)
    canvas.paint(
        rounded(300, 544, 500, 572, 13),
        [(0, darker(metal, 0.2)), (0.3, lighter(metal, 0.65)), (0.6, metal), (1, darker(metal, 0.3))],
    )
    canvas.paint(stroke([(316, 549), (480, 549)], 3).soft(1), WHITE, strength=0.8)
    return canvas


def adapter(shell: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A travel plug with its pins up and three ports in front."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(410, 632, 166, down=22)
    steel = [(0.0, darker(METAL, 0.45)), (0.35, WHITE), (0.6, METAL), (1.0, darker(METAL, 0.5))]
    for left in (330, 424):
        canvas.paint(polygon(box(left, 196, left + 48, 312, 9)), steel)
        canvas.paint(ellipse(left + 24, 226, 8, 8), darker(METAL, 0.6))
    side = polygon([(540, 330), (600, 292), (600, 560), (540, 622)])
    canvas.paint(side, [(0, darker(shell, 0.22)), (1, darker(shell, 0.34))])
    top = polygon([(252, 326), (318, 284), (600, 288), (546, 332)])
    canvas.paint(top, [(0, lighter(shell, 0.5)), (1, darker(shell, 0.06))])
    for left in (322, 416):
        canvas.paint(polygon([(left, 316), (left + 14, 302), (left + 72, 302), (left + 58, 316)]), darker(shell, 0.7))
        canvas.paint(polygon(box(left + 10, 240, left + 54, 312, 3)), steel)
    front = rounded(240, 316, 552, 626, 36)
    canvas.paint(front, [(0, lighter(shell, 0.5)), (0.5, shell), (1, darker(shell, 0.13))])
    canvas.shade(front, bottom=0.16)
    canvas.paint(front.without(rounded(246, 322, 546, 620, 32)), lighter(shell, 0.8), strength=0.6)
    panel = rounded(276, 352, 516, 500, 22)
    canvas.paint(panel, [(0, rgb("3b3f47")), (1, rgb("24272d"))], across=False)
    for left, width in ((300, 62), (386, 46), (454, 46)):
        height = 26 if width > 50 else 17
        canvas.paint(
            rounded(left, 426 - height / 2, left + width, 426 + height / 2, 6 if width > 50 else 8), rgb("0f1114")
        )
        inner = rounded(left + 7, 426 - (5 if width > 50 else 3), left + width - 7, 426 + (4 if width > 50 else 3), 3)
        canvas.paint(inner, rgb("4f86c6") if width > 50 else rgb("8f949c"))
    canvas.paint(ellipse(492, 374, 5, 5).soft(4), rgb("8be3a4"))
    canvas.paint(ellipse(492, 374, 4, 4), rgb("8be3a4"))
    for left in (286, 346, 406, 466):
        canvas.paint(rounded(left, 536, left + 44, 590, 10), darker(shell, 0.16))
        canvas.paint(
            rounded(left + 5, 541 if left != 346 else 560, left + 39, 566 if left != 346 else 585, 7),
            rgb("d9825b") if left == 346 else lighter(shell, 0.5),
        )
    canvas.gleam([(262, 360), (260, 470), (268, 590)], 14, within=front, strength=0.6, blur=6)
    return canvas
