"""Pictures of the things for children: wooden blocks and a picture book."""

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
    smooth,
    stroke,
)
from commerce.demo.textures import bar, box, hatched, together

INK = rgb("1c1420")
BEECH = rgb("dcb98b")
RED, BLUE, GREEN, YELLOW = rgb("c9694a"), rgb("6f93ad"), rgb("86a27a"), rgb("ddb055")
DEEP = 34
"""How far the blocks reach back, in pixels to the right; half of it upwards."""


def blocks(ground: Colour, disc: Colour) -> Canvas:
    """A gate of wooden blocks with two towers, and a few blocks in front."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(420, 636, 290, down=24)
    _block(canvas, (164, 516), 120, 120, BEECH)
    _block(canvas, (464, 516), 120, 120, BEECH)
    _block(canvas, (164, 396), 120, 120, BLUE)
    _block(canvas, (464, 396), 120, 120, GREEN)
    _arch(canvas, (284, 396), YELLOW)
    _block(canvas, (164, 336), 420, 60, BEECH)
    _block(canvas, (194, 276), 60, 60, RED)
    _block(canvas, (494, 276), 60, 60, BLUE)
    _block(canvas, (314, 276), 120, 60, BEECH)
    _roof(canvas, (314, 190), 120, 86, RED)
    _roof(canvas, (184, 206), 80, 70, YELLOW)
    _roof(canvas, (484, 206), 80, 70, GREEN)
    _block(canvas, (318, 586), 62, 62, RED)
    _cylinder(canvas, 424, 590, 32, 58, BEECH)
    _block(canvas, (602, 590), 96, 56, YELLOW)
    return canvas


def _wood(tone: Colour) -> list[tuple[float, Colour]]:
    return [(0, lighter(tone, 0.22)), (0.5, tone), (1, darker(tone, 0.12))]


def _grain(canvas: Canvas, face: Shape, tone: Colour) -> None:
    canvas.paint(hatched(face, 13, slope=0.05), darker(tone, 0.4), strength=0.14)
    canvas.paint(hatched(face, 29, slope=-0.04, width=2), darker(tone, 0.4), strength=0.1)


def _block(canvas: Canvas, corner: Point, wide: float, high: float, tone: Colour) -> None:
    """A block from the upper left corner of its front."""
    left, top = corner
    right, low, rise = left + wide, top + high, DEEP / 2
    canvas.paint(
        polygon([(right - 4, top), (right + DEEP, top - rise), (right + DEEP, low - rise), (right - 4, low)]),
        [(0, darker(tone, 0.26)), (1, darker(tone, 0.38))],
    )
    canvas.paint(
        polygon([(left + 2, top + 4), (left + DEEP, top - rise), (right + DEEP, top - rise), (right, top + 4)]),
        [(0, lighter(tone, 0.5)), (1, lighter(tone, 0.22))],
    )
    face = polygon(box(left, top, right, low, 7))
    canvas.paint(face, _wood(tone))
    _grain(canvas, face, tone)
    canvas.paint(
        together([box(left + 4, top + 2, right - 4, top + 5, 1.5), box(left + 2, top + 4, left + 5, low - 4, 1.5)]),
        WHITE,
        strength=0.35,
    )


def _arch(canvas: Canvas, corner: Point, tone: Colour) -> None:
    left, top = corner
    right, low = left + 180, top + 120
    bow = arc((left + right) / 2, low, 58, 66, 180, 360)
    inside = [(x + DEEP * 0.7, y - DEEP * 0.35) for x, y in bow]
    canvas.paint(polygon([*bow, *reversed(inside)]), darker(tone, 0.45))
    face = polygon([(left, low), (left, top), (right, top), (right, low), *reversed(bow)])
    canvas.paint(face, _wood(tone))
    _grain(canvas, face, tone)
    canvas.paint(stroke(bow, 3), lighter(tone, 0.4), strength=0.6)


def _roof(canvas: Canvas, corner: Point, wide: float, high: float, tone: Colour) -> None:
    left, top = corner
    peak, low, rise = left + wide / 2, top + high, DEEP / 2
    canvas.paint(
        polygon([(peak, top), (peak + DEEP, top - rise), (left + wide + DEEP, low - rise), (left + wide, low)]),
        [(0, darker(tone, 0.12)), (1, darker(tone, 0.32))],
    )
    face = polygon([(peak - 4, top + 3), (peak + 4, top + 3), (left + wide, low), (left, low)])
    canvas.paint(face, _wood(tone))
    _grain(canvas, face, tone)


def _cylinder(canvas: Canvas, x: float, top: float, radius: float, high: float, tone: Colour) -> None:
    canvas.shadow(x + 4, top + high, radius, down=10)
    side = polygon([*arc(x, top + high, radius, 9, 0, 180), *arc(x, top, radius, 9, 180, 360)])
    canvas.paint(side, [(0, darker(tone, 0.2)), (0.3, lighter(tone, 0.36)), (0.6, tone), (1, darker(tone, 0.3))])
    canvas.paint(ellipse(x, top, radius, 9), [(0, lighter(tone, 0.5)), (1, lighter(tone, 0.15))])


def picture_book(ground: Colour, disc: Colour) -> Canvas:
    """A square picture book: the moon lies among the vegetables, a hedgehog looks at it."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(414, 646, 256, down=22)
    depth = polygon([(632, 150), (662, 168), (662, 636), (632, 650)])
    canvas.paint(depth, [(0, rgb("e8e0d0")), (1, rgb("c3b9a5"))])
    canvas.paint(hatched(depth, 4, slope=99), INK, strength=0.12)
    canvas.paint(together([bar((632, 148), (664, 166), 6), bar((632, 650), (664, 637), 6)]), rgb("26355a"))
    cover = polygon(box(154, 140, 638, 656, 10))
    night = [(0, rgb("22315a")), (0.5, rgb("3d5583")), (0.8, rgb("7d8fae")), (1, rgb("a9b0b8"))]
    canvas.paint(cover, night, across=False)
    dots = [
        box(x, y, x + 5, y + 5, 2.4)
        for x, y in ((196, 190), (262, 250), (338, 180), (420, 230), (590, 196), (540, 270), (230, 330), (604, 350))
    ]
    canvas.paint(together(dots), rgb("fff3cd"), strength=0.9)
    canvas.paint(polygon([(236, 190), (564, 190), (564, 280), (236, 280)]).soft(22), rgb("22315a"), strength=0.5)
    canvas.paint(together(_title()), rgb("fdf3dc"))
    moon = (420.0, 446.0)
    canvas.paint(ellipse(*moon, 140, 140).soft(40).within(cover), rgb("ffe9b0"), strength=0.75)
    ball = ellipse(*moon, 104, 104)
    canvas.paint(ball, [(0, rgb("fff8dc")), (0.6, rgb("ffe6a2")), (1, rgb("eec277"))])
    for x, y, size in ((380, 400, 15), (462, 420, 11), (436, 380, 8)):
        canvas.paint(ellipse(x, y, size, size), rgb("efcb82"), strength=0.7)
    for x in (390, 450):
        canvas.paint(stroke(arc(x, 446, 13, 9, 20, 160), 5), rgb("8a5f33"))
        canvas.paint(ellipse(x - 8 if x < 420 else x + 8, 470, 13, 8).soft(3), rgb("f2a07c"), strength=0.8)
    canvas.paint(stroke(arc(420, 470, 14, 9, 20, 160), 4.5), rgb("8a5f33"))
    _garden(canvas, cover)
    _hedgehog(canvas, 246, 572)
    canvas.paint(polygon([(154, 140), (176, 140), (176, 656), (154, 656)]).within(cover), INK, strength=0.22)
    canvas.paint(stroke([(180, 142), (180, 654)], 4).soft(2), WHITE, strength=0.3)
    canvas.paint(polygon([(154, 140), (420, 140), (240, 656), (154, 656)]).within(cover), WHITE, strength=0.06)
    return canvas


def _title() -> list[list[Point]]:
    """The character for the moon, between two lines."""
    strokes = [box(418, 196, 427, 274, 4), box(373, 196, 382, 258, 4), box(373, 196, 427, 205, 4)]
    strokes += [box(378, 220, 422, 228, 3), box(378, 242, 422, 250, 3), box(408, 266, 427, 275, 4)]
    strokes.append([(373, 250), (382, 250), (372, 276), (362, 274)])
    return [*strokes, box(256, 234, 340, 238, 2), box(460, 234, 544, 238, 2)]


def _garden(canvas: Canvas, cover: Shape) -> None:
    soil = polygon(
        [*smooth([(150, 556), (240, 530), (340, 548), (440, 536), (540, 552), (644, 530)]), (644, 660), (150, 660)]
    )
    canvas.paint(soil.within(cover), [(0, rgb("5a6b4c")), (1, rgb("3c4a38"))], across=False)
    for x, y, size, tone in ((540, 574, 54, GREEN), (340, 600, 44, rgb("9db283")), (606, 606, 40, rgb("9db283"))):
        for turn in (-170, -140, -112, -90, -66, -38, -10):
            shape = leaf(x, y + 22, size * 1.25, size * 0.66, turn)
            canvas.paint(shape.within(cover), [(0, lighter(tone, 0.25)), (1, darker(tone, 0.2))], across=False)
        canvas.paint(ellipse(x, y + 6, size * 0.5, size * 0.46).within(cover), lighter(tone, 0.35))
        canvas.paint(stroke([(x, y + 24), (x + 2, y - 12)], 3).within(cover), WHITE, strength=0.5)
    pumpkin = [ellipse(452 + dx, 616, 26, 30) for dx in (-30, 30, -14, 14, 0)]
    for rib, depth in zip(pumpkin, (0.2, 0.2, 0.08, 0.08, 0.0), strict=True):
        canvas.paint(rib, [(0, lighter(rgb("d9825b"), 0.25)), (1, darker(rgb("d9825b"), depth + 0.12))])
    canvas.paint(stroke(smooth([(452, 590), (456, 574), (470, 568)]), 8, 5), rgb("5e7a4c"))


def _hedgehog(canvas: Canvas, x: float, y: float) -> None:
    spikes: list[list[Point]] = []
    for right, high in arc(x, y, 52, 44, 170, 350):
        tip = (x + (right - x) * 1.3 - 6, y + (high - y) * 1.36)
        spikes.append([(right - 7, high + 5), tip, (right + 8, high + 5)])
    canvas.paint(together(spikes), rgb("6b4a33"))
    canvas.paint(ellipse(x, y, 56, 46), [(0, rgb("7d5a40")), (1, rgb("5a3d2a"))])
    bristles = [
        bar((x - 40 + n * 9, y - 22 + (n * 17) % 30), (x - 34 + n * 9, y - 32 + (n * 17) % 30), 3) for n in range(9)
    ]
    canvas.paint(together(bristles), rgb("a8835f"))
    face = polygon(
        smooth(
            [(x + 14, y - 22), (x + 50, y - 10), (x + 80, y + 14), (x + 56, y + 36), (x + 8, y + 40), (x - 4, y + 8)],
            closed=True,
        )
    )
    canvas.paint(face, [(0, rgb("d9b48c")), (1, mix(rgb("d9b48c"), WHITE, 0.35))])
    canvas.paint(ellipse(x + 80, y + 14, 8, 7), rgb("2c211b"))
    canvas.paint(ellipse(x + 44, y + 6, 5.5, 6.5), rgb("2c211b"))
    canvas.paint(ellipse(x + 46, y + 4, 2, 2), WHITE)
    canvas.paint(ellipse(x + 42, y + 24, 9, 5).soft(2), rgb("f2a07c"), strength=0.8)
    for dx in (-18, 26):
        canvas.paint(ellipse(x + dx, y + 46, 14, 7), rgb("c79d74"))
