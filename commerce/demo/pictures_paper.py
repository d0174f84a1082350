"""Pictures of things to write with and to give: notebook, fountain pen, washi tape, gift box."""

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
    leaf,
    lighter,
    mix,
    polygon,
    rgb,
    rounded,
    smooth,
    stroke,
)
from commerce.demo.textures import bar, box, hatched, laid, stitched, together, turned, weave

INK = rgb("1c1420")
CREAM = rgb("f4ecdc")
STEEL = [(0.0, rgb("6d7177")), (0.3, rgb("f6f7f8")), (0.6, rgb("b5b9be")), (1.0, rgb("5f6369"))]
GOLD = [(0.0, rgb("8a6a2f")), (0.35, rgb("f5e0a6")), (0.6, rgb("c99f52")), (1.0, rgb("7c5d28"))]


def notebook(cloth: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A book in cloth covers lying at a slant, its ribbon hanging out, a leaf pressed into the cover."""
    canvas = Canvas(ground, disc=disc)
    tilt, about = -8.0, (400.0, 400.0)

    def at(points: Sequence[Point]) -> list[Point]:
        return turned(points, tilt, about=about)

    ribbon = at(smooth([(450, 620), (454, 680), (440, 714)]))
    canvas.paint(
        polygon([(x + 16, y + 26) for x, y in at(box(222, 130, 592, 664, 14))]).soft(18), rgb("3a2a2a"), strength=0.42
    )
    canvas.paint(stroke(ribbon, 13), rgb("c9694a"))
    canvas.paint(polygon(at(box(222, 142, 592, 672, 12))), darker(cloth, 0.42))
    pages = polygon(at([(236, 150), (584, 150), (584, 664), (236, 664)]))
    canvas.paint(pages, [(0, darker(CREAM, 0.06)), (0.8, CREAM), (1, darker(CREAM, 0.16))])
    canvas.paint(hatched(pages, 3, slope=0.14), darker(CREAM, 0.6), strength=0.22)
    cover = polygon(at(box(214, 128, 578, 650, 16)))
    canvas.paint(
        cover, [(0, darker(cloth, 0.06)), (0.35, lighter(cloth, 0.2)), (0.65, cloth), (1, darker(cloth, 0.18))]
    )
    weave(canvas, cover, darker(cloth, 0.6), step=4, strength=0.1)
    canvas.paint(hatched(cover, 6, slope=1), WHITE, strength=0.06)
    canvas.shade(cover, bottom=0.16)
    spine = polygon(at([(214, 120), (262, 120), (262, 660), (214, 660)])).within(cover)
    canvas.paint(spine, darker(cloth, 0.4), strength=0.4)
    canvas.paint(stroke(at([(264, 128), (264, 650)]), 4).soft(2).within(cover), INK, strength=0.4)
    canvas.paint(stroke(at([(270, 130), (270, 648)]), 3).soft(1.5).within(cover), WHITE, strength=0.3)
    label = polygon(at(box(344, 220, 508, 300, 6)))
    canvas.paint(label, [(0, lighter(CREAM, 0.3)), (1, darker(CREAM, 0.05))])
    canvas.paint(stitched(at(box(351, 227, 501, 293, 4)), length=5, gap=4, width=1.6), darker(cloth, 0.3), strength=0.7)
    canvas.paint(
        together([at(bar((374, 252), (478, 252), 4)), at(bar((394, 270), (458, 270), 3))]),
        darker(cloth, 0.4),
        strength=0.8,
    )
    root = at([(426, 500)])[0]
    for turn, length in ((-90, 96), (-136, 74), (-44, 74)):
        canvas.paint(leaf(*root, length, 32, turn + tilt), darker(cloth, 0.5), strength=0.5)
        canvas.paint(
            leaf(root[0] + 2, root[1] + 3, length, 32, turn + tilt).without(leaf(*root, length, 32, turn + tilt)),
            WHITE,
            strength=0.4,
        )
    return canvas


def fountain_pen(resin: Colour, ground: Colour, disc: Colour) -> Canvas:
    """An open fountain pen with a line of fresh ink, its cap beside it."""
    canvas = Canvas(ground, disc=disc)
    sheet = turned(box(196, 196, 604, 664, 6), 6, about=(400, 400))
    canvas.paint(polygon([(x + 8, y + 16) for x, y in sheet]).soft(14), rgb("3a2a2a"), strength=0.26)
    paper = polygon(sheet)
    canvas.paint(paper, [(0, rgb("fffdf7")), (1, rgb("f1e9db"))], across=False)
    lines = [turned(bar((230, y), (570, y), 2), 6, about=(400, 400)) for y in range(250, 660, 44)]
    canvas.paint(together(lines).within(paper), rgb("b9c4d2"), strength=0.55)
    ink = smooth(
        [
            (250, 604),
            (276, 560),
            (300, 566),
            (292, 610),
            (318, 612),
            (344, 566),
            (366, 574),
            (350, 614),
            (390, 612),
            (424, 590),
            (452, 606),
            (478, 590),
        ]
    )
    canvas.paint(stroke(turned(ink, 6, about=(400, 400)), 5, 3), mix(resin, rgb("1d2b52"), 0.55))
    pen = _Slanted(canvas, (262.0, 566.0), -52.0)
    pen.cast([(30, 20), (520, 24)])
    steel, gold = rgb("c3c7cc"), rgb("cda557")
    window = mix(resin, rgb("cfd8df"), 0.6)
    pen.rod([(0, 1), (24, 8), (56, 16), (92, 15)], steel)
    canvas.paint(together([pen.at([(4, -0.9), (58, -1.2), (58, 1.2), (4, 0.9)])]), rgb("3b3e44"))
    canvas.paint(ellipse(*pen.at([(60, 0)])[0], 4, 4), rgb("3b3e44"))
    for profile, tone in (
        ([(86, 17), (150, 21), (176, 23)], resin),
        ([(174, 24), (184, 24)], gold),
        ([(184, 23), (222, 24)], window),
        ([(220, 24.5), (330, 25), (440, 22)], resin),
        ([(438, 22.5), (447, 22.5)], gold),
        ([(446, 21), (496, 19), (512, 14), (520, 6)], resin),
    ):
        pen.rod(profile, tone)
    cap = _Slanted(canvas, (560.0, 650.0), -64.0)
    cap.cast([(0, 24), (214, 26)])
    cap.rod([(0, 27), (14, 28)], gold)
    cap.rod([(12, 28), (120, 28), (196, 25), (210, 18), (216, 8)], resin)
    cap.rod([(150, 28.5), (157, 28)], gold)
    clip = cap.at([(36, -5), (196, -4), (204, 0), (196, 4), (36, 5), (28, 0)])
    canvas.paint(Shape(polygon(clip).left + 3, polygon(clip).top + 5, polygon(clip).cover).soft(3), INK, strength=0.5)
    canvas.paint(polygon(clip), GOLD)
    return canvas


class _Slanted:
    """Something round and long that lies at a slant: places along it and across it, from its tip."""

    def __init__(self, canvas: Canvas, tip: Point, degrees: float) -> None:
        self.canvas, self.tip, self.degrees = canvas, tip, degrees

    def at(self, points: Sequence[Point]) -> list[Point]:
        return turned([(self.tip[0] + x, self.tip[1] + y) for x, y in points], self.degrees, about=self.tip)

    def strip(self, profile: Sequence[Point], low: float, high: float) -> Shape:
        """The part of a rod between two shares of its radius (-1 is the upper edge)."""
        return polygon(self.at([*((x, r * low) for x, r in profile), *((x, r * high) for x, r in reversed(profile))]))

    def cast(self, profile: Sequence[Point]) -> None:
        shape = self.strip(profile, -1, 1)
        self.canvas.paint(Shape(shape.left + 18, shape.top + 26, shape.cover).soft(12), rgb("3a2a2a"), strength=0.4)

    def rod(self, profile: Sequence[Point], tone: Colour) -> None:
        whole = self.strip(profile, -1, 1)
        self.canvas.paint(whole, darker(tone, 0.42))
        self.canvas.paint(self.strip(profile, -0.85, 0.6).soft(2).within(whole), tone)
        self.canvas.paint(self.strip(profile, -0.7, -0.05).soft(3).within(whole), lighter(tone, 0.3), strength=0.85)
        self.canvas.paint(self.strip(profile, -0.52, -0.32).soft(1).within(whole), WHITE, strength=0.7)


HILLS, SEA, PLAIN = 0, 1, 2
ROLLS: tuple[tuple[Colour, ...], ...] = (
    (rgb("b9c9a4"), rgb("8aa583"), rgb("e9dfc4"), rgb("6f8f77"), rgb("d8b98a"), rgb("c7d3b6")),
    (rgb("a9c6d8"), rgb("6f9dbd"), rgb("f0e3cc"), rgb("4f7fa3"), rgb("e0a184"), rgb("cfe0e8")),
    (rgb("d9b7ae"), rgb("b7c0a8"), rgb("e6d9bd"), rgb("a9b5c6"), rgb("c9b3cc"), rgb("d8cdbf")),
)


def washi(pattern: int, ground: Colour, disc: Colour) -> Canvas:
    """Six rolls of paper tape, stacked, with a torn strip in front."""
    canvas = Canvas(ground, disc=disc)
    tones = ROLLS[pattern]
    canvas.shadow(404, 604, 236, down=22)
    _strip(canvas, tones[1], pattern)
    for x, y, high, tone in ((276, 560, 74, tones[0]), (522, 560, 74, tones[1])):
        _roll(canvas, (x, y), high, tone, pattern)
    for x, y, high, tone in ((276, 486, 40, tones[2]), (522, 486, 40, tones[3])):
        _roll(canvas, (x, y), high, tone, PLAIN)
    _roll(canvas, (396, 420), 74, tones[4], pattern)
    _roll(canvas, (396, 346), 40, tones[5], PLAIN)
    return canvas


def _roll(canvas: Canvas, foot: Point, high: float, tone: Colour, pattern: int) -> None:
    """A roll standing on its side face: its foot is the middle of the lower rim."""
    x, low = foot
    across, down = 118.0, 36.0
    top = low - high
    shade = ellipse(x + 6, low + 6, across, down)
    canvas.paint(shade.soft(7), rgb("3a2a2a"), strength=0.34)
    side = polygon([*arc(x, low, across, down, 0, 180), *arc(x, top, across, down, 180, 360)])
    canvas.paint(side, [(0, darker(tone, 0.24)), (0.25, lighter(tone, 0.34)), (0.55, tone), (1, darker(tone, 0.28))])
    marks = _marks(x, low, high, across, down, pattern)
    for shape, mark, strength in marks:
        canvas.paint(shape.within(side), mark, strength=strength)
    canvas.paint(ellipse(x, top, across, down), [(0, lighter(tone, 0.4)), (1, darker(tone, 0.1))])
    canvas.paint(ellipse(x, top, across - 14, down - 5), [(0, lighter(tone, 0.55)), (1, lighter(tone, 0.1))])
    canvas.paint(
        ellipse(x, top, across - 44, down - 14), [(0, rgb("c9a87c")), (0.5, rgb("e2c79f")), (1, rgb("b08f63"))]
    )
    hole = ellipse(x, top, across - 54, down - 17)
    canvas.paint(hole, [(0, rgb("8d6f49")), (1, rgb("c2a377"))])
    canvas.paint(ellipse(x, top + 16, across - 58, down - 19).within(hole), darker(rgb("8d6f49"), 0.3), strength=0.8)


def _marks(
    x: float, low: float, high: float, across: float, down: float, pattern: int
) -> list[tuple[Shape, Colour, float]]:
    """What is printed on the side of a roll: hills with grasses, waves with boats, or nothing."""
    if pattern == PLAIN:
        return []
    curve = arc(x, low, across, down, 0, 180)
    if pattern == HILLS:
        far = [(px, py - high * (0.42 + 0.16 * abs((n % 12) - 6) / 6)) for n, (px, py) in enumerate(curve)]
        near = [(px, py - high * (0.2 + 0.14 * abs((n % 9) - 4) / 4)) for n, (px, py) in enumerate(curve)]
        grass = [bar((px, py - 2), (px + 4, py - 22), 3) for px, py in curve[2::3]]
        base = list(reversed(curve))
        return [
            (polygon([*far, *base]), rgb("5f7f6b"), 0.5),
            (polygon([*near, *base]), rgb("44654f"), 0.6),
            (together(grass), rgb("f4ecdc"), 0.8),
        ]
    waves = [stroke([(px, py - up + 4 * (n % 2)) for n, (px, py) in enumerate(curve)], 4) for up in (14, 27)]
    boats: list[list[Point]] = []
    for px, py in curve[7:-6:10]:
        boats.append([(px - 15, py - 40), (px + 15, py - 40), (px + 8, py - 31), (px - 8, py - 31)])
        boats.append([(px, py - 66), (px, py - 44), (px + 12, py - 44)])
    return [(waves[0], WHITE, 0.75), (waves[1], WHITE, 0.55), (together(boats), rgb("fffaf0"), 0.95)]


def _strip(canvas: Canvas, tone: Colour, pattern: int) -> None:
    torn = [(96 + (n % 2) * 9, 620 + n * 8) for n in range(7)]
    end = [(660 - (n % 2) * 9, 598 + (6 - n) * 8) for n in range(7)]
    tape = polygon([*torn, *end])
    laid(canvas, tape, right=3, down=6, blur=5)
    canvas.paint(tape, [(0, lighter(tone, 0.25)), (0.5, tone), (1, lighter(tone, 0.1))], strength=0.92)
    if pattern != PLAIN:
        dots = [box(x, 640 - (x - 96) * 0.04, x + 9, 649 - (x - 96) * 0.04, 4) for x in range(124, 640, 34)]
        canvas.paint(together(dots), CREAM, strength=0.85)
    canvas.paint(hatched(tape, 5, slope=1), WHITE, strength=0.1)


def gift_box(paper: Colour, satin: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A box with a ribbon and a bow, a card leaning against it."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(404, 642, 226, down=22)
    body = polygon([(212, 372), (578, 372), (570, 646), (220, 646)])
    canvas.paint(body, [(0, darker(paper, 0.16)), (0.3, lighter(paper, 0.14)), (0.6, paper), (1, darker(paper, 0.24))])
    canvas.paint(hatched(body, 5, slope=0.6), WHITE, strength=0.06)
    canvas.shade(body, bottom=0.3)
    bright = [(0.0, darker(satin, 0.16)), (0.35, lighter(satin, 0.5)), (0.6, satin), (1.0, darker(satin, 0.2))]
    canvas.paint(polygon([(366, 372), (424, 372), (424, 646), (366, 646)]), bright)
    top = polygon([(236, 282), (554, 282), (594, 324), (196, 324)])
    canvas.paint(top, [(0, lighter(paper, 0.34)), (1, lighter(paper, 0.08))])
    canvas.paint(polygon([(372, 282), (418, 282), (424, 324), (366, 324)]), bright)
    canvas.paint(
        Shape(body.left, body.top + 4, polygon([(212, 372), (578, 372), (577, 396), (213, 396)]).cover)
        .soft(5)
        .within(body),
        INK,
        strength=0.4,
    )
    lid = polygon(box(194, 322, 596, 384, 5))
    canvas.paint(
        lid,
        [(0, darker(paper, 0.06)), (0.3, lighter(paper, 0.24)), (0.6, lighter(paper, 0.05)), (1, darker(paper, 0.18))],
    )
    canvas.paint(hatched(lid, 5, slope=0.6), WHITE, strength=0.06)
    canvas.paint(stroke([(198, 325), (592, 325)], 3), lighter(paper, 0.5), strength=0.7)
    canvas.paint(polygon([(366, 322), (424, 322), (424, 384), (366, 384)]), bright)
    _bow(canvas, satin)
    _card(canvas)
    return canvas


def _bow(canvas: Canvas, satin: Colour) -> None:
    sheen = [(0.0, darker(satin, 0.2)), (0.4, lighter(satin, 0.5)), (0.7, satin), (1.0, darker(satin, 0.22))]
    for side in (-1, 1):

        def at(points: Sequence[Point], *, side: int = side) -> list[Point]:
            return [(395 + x * side, y) for x, y in points]

        tail = polygon(at([(6, 286), (40, 300), (104, 352), (128, 348), (120, 378), (76, 360), (2, 306)]))
        laid(canvas, tail, right=2, down=6, blur=5)
        canvas.paint(tail, sheen)
        loop = polygon(
            at(smooth([(6, 280), (40, 214), (112, 170), (166, 194), (162, 256), (104, 292), (36, 300)], closed=True))
        )
        laid(canvas, loop, right=3, down=8, blur=8)
        canvas.paint(loop, sheen)
        inside = polygon(at(smooth([(46, 266), (80, 222), (132, 204), (142, 232), (120, 264), (80, 280)], closed=True)))
        canvas.paint(inside, [(0, darker(satin, 0.45)), (1, darker(satin, 0.28))], across=False)
        canvas.paint(
            stroke(at(smooth([(18, 272), (60, 216), (112, 186)])), 5).soft(2).within(loop), WHITE, strength=0.5
        )
    knot = rounded(366, 260, 424, 312, 18)
    laid(canvas, knot, right=2, down=5, blur=4)
    canvas.paint(knot, sheen)


def _card(canvas: Canvas) -> None:
    sheet = turned(box(524, 486, 678, 652, 5), 9, about=(600, 652))
    card = polygon(sheet)
    laid(canvas, card, right=4, down=8, blur=9)
    canvas.paint(card, [(0, rgb("fffdf7")), (1, rgb("f0e8d8"))], across=False)
    frame = turned(box(536, 498, 666, 640, 3), 9, about=(600, 652))
    canvas.paint(stroke([*frame, frame[0]], 1.6), rgb("c99f52"))
    heart = [(601, 574), (570, 542), (572, 522), (588, 518), (601, 530), (614, 518), (630, 522), (632, 542)]
    canvas.paint(polygon(turned(smooth(heart, closed=True), 9, about=(600, 652))), rgb("c75a4a"))
    lines = [turned(bar((566, y), (636, y), 2.4), 9, about=(600, 652)) for y in (598, 612)]
    canvas.paint(together(lines), rgb("8d8577"), strength=0.8)
