"""Pictures of the clothes: T-shirt, linen shirt, hoodie, scarf."""

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
    lighter,
    mix,
    polygon,
    rgb,
    rounded,
    smooth,
    stroke,
)
from commerce.demo.textures import (
    bar,
    dyed,
    hatched,
    laid,
    mirrored,
    other_side,
    together,
    turned,
    weave,
)


def _folds(canvas: Canvas, body: Shape, colour: Colour, lines: Sequence[Sequence[Point]]) -> None:
    for line in lines:
        curve = smooth(line)
        canvas.paint(stroke(curve, 5, 22).soft(8).within(body), darker(colour, 0.6), strength=0.22)
        canvas.paint(stroke([(x - 14, y - 2) for x, y in curve], 4, 14).soft(6).within(body), WHITE, strength=0.2)


def tee(cloth: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A T-shirt laid out flat."""
    canvas = Canvas(ground, disc=disc)
    half = [(334, 158), (262, 184), (214, 214), (116, 344), (204, 404), (262, 344), (266, 480), (258, 640), (400, 650)]
    body = polygon(mirrored(half))
    laid(canvas, body)
    canvas.paint(body, dyed(cloth))
    weave(canvas, body, darker(cloth, 0.6), step=4, strength=0.045)
    sleeve: list[Point] = [(262, 344), (204, 404), (116, 344), (214, 214)]
    for side in (sleeve, other_side(sleeve)):
        canvas.paint(polygon(side).soft(10).within(body), darker(cloth, 0.7), strength=0.1)
    for seam in ([(252, 190), (262, 260), (263, 344)], [(548, 190), (538, 260), (537, 344)]):
        canvas.paint(stroke(smooth(seam), 3).soft(1).within(body), darker(cloth, 0.6), strength=0.5)
    _folds(
        canvas,
        body,
        cloth,
        [
            [(272, 350), (316, 400), (334, 470)],
            [(526, 350), (492, 410), (482, 490)],
            [(300, 640), (318, 570), (314, 500)],
            [(470, 644), (462, 580), (474, 520)],
        ],
    )
    canvas.shade(body, bottom=0.14)
    for hem in ([(260, 620), (400, 630), (540, 620)], [(128, 330), (216, 390)], [(672, 330), (584, 390)]):
        line = smooth(hem)
        canvas.paint(stroke(line, 2).within(body), darker(cloth, 0.5), strength=0.55)
        canvas.paint(stroke([(x, y + 4) for x, y in line], 2).within(body), WHITE, strength=0.25)
    _collar(canvas, cloth)
    return canvas


def _collar(canvas: Canvas, cloth: Colour) -> None:
    inside = polygon([*arc(400, 156, 68, 24, 180, 360), *arc(400, 156, 68, 62, 0, 180)])
    canvas.paint(inside, [(0, darker(cloth, 0.46)), (1, darker(cloth, 0.3))], across=False)
    back = stroke(arc(400, 156, 68, 18, 190, 350), 20)
    canvas.paint(back, darker(cloth, 0.24))
    canvas.paint(rounded(384, 158, 416, 180, 3), mix(cloth, rgb("efe8da"), 0.8))
    front = arc(400, 158, 72, 64, 0, 180)
    canvas.paint(stroke(front, 20), [(0, darker(cloth, 0.05)), (0.4, lighter(cloth, 0.2)), (1, darker(cloth, 0.12))])
    canvas.paint(stroke(arc(400, 158, 82, 74, 4, 176), 2), darker(cloth, 0.5), strength=0.5)
    canvas.paint(stroke(arc(400, 158, 62, 54, 10, 170), 2), darker(cloth, 0.6), strength=0.35)


def _sleeve(canvas: Canvas, cloth: Colour, outline: Sequence[Point], cuff: Sequence[Point], *, width: float) -> None:
    for points, edge in ((list(outline), list(cuff)), (other_side(outline), other_side(cuff))):
        arm = polygon(smooth(points, closed=True))
        laid(canvas, arm)
        canvas.paint(arm, dyed(darker(cloth, 0.05)))
        weave(canvas, arm, darker(cloth, 0.6), step=4, strength=0.045)
        inner = [(x + (26 if x < 400 else -26), y) for x, y in points]
        canvas.paint(
            arm.without(polygon(smooth(inner, closed=True))).soft(8).within(arm), darker(cloth, 0.6), strength=0.12
        )
        canvas.shade(arm, bottom=0.2)
        canvas.paint(polygon([*edge]), dyed(darker(cloth, 0.1)))
        canvas.paint(hatched(polygon([*edge]), round(width), slope=99), darker(cloth, 0.6), strength=0.3)


def shirt(cloth: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A long-sleeved shirt with shell buttons, on a wooden hanger."""
    canvas = Canvas(ground, disc=disc)
    _hanger(canvas)
    arm = [(236, 206), (190, 262), (166, 400), (150, 540), (176, 552), (214, 556), (240, 430), (268, 330)]
    cuff = [(146, 536), (148, 586), (210, 596), (217, 548)]
    _sleeve(canvas, cloth, arm, cuff, width=90)
    hem = smooth([(252, 590), (262, 636), (310, 656), (360, 646), (400, 632)])
    half = [(346, 156), (286, 178), (230, 204), (252, 300), (262, 420), *hem]
    body = polygon([*mirrored(half)])
    laid(canvas, body)
    canvas.paint(body, dyed(cloth))
    weave(canvas, body, darker(cloth, 0.6), step=5, strength=0.09)
    lines = [[(262, 320), (312, 380), (330, 470)], [(536, 320), (496, 390), (486, 470)]]
    lines += [[(296, 640), (312, 560), (304, 490)], [(480, 648), (470, 570), (486, 500)]]
    _folds(canvas, body, cloth, lines)
    canvas.shade(body, bottom=0.14)
    placket = polygon([(384, 196), (418, 196), (418, 646), (384, 646)]).within(body)
    canvas.paint(placket, [(0, lighter(cloth, 0.3)), (1, darker(cloth, 0.05))])
    for x in (384, 418):
        canvas.paint(stroke([(x, 210), (x, 644)], 2).within(body), darker(cloth, 0.5), strength=0.55)
    for y in range(252, 620, 66):
        canvas.paint(ellipse(402, y + 2, 9, 9), darker(cloth, 0.5), strength=0.5)
        canvas.paint(ellipse(401, y, 8, 8), [(0, rgb("fffdf6")), (0.6, rgb("e9dfd0")), (1, rgb("c9bda9"))])
        canvas.paint(together([bar((398, y), (399.5, y), 2.4), bar((403, y), (404.5, y), 2.4)]), rgb("7a6d5c"))
    pocket = polygon([(444, 306), (520, 302), (520, 374), (482, 394), (446, 378)])
    canvas.paint(pocket, lighter(cloth, 0.1), strength=0.6)
    canvas.paint(
        stroke([(444, 306), (446, 378), (482, 394), (520, 374), (520, 302), (444, 306)], 2), darker(cloth, 0.45)
    )
    _shirt_collar(canvas, cloth)
    return canvas


def _hanger(canvas: Canvas) -> None:
    hook = smooth([(400, 150), (400, 112), (424, 92), (412, 66), (386, 70), (382, 86)])
    canvas.paint(stroke(hook, 7), [(0, rgb("8d9096")), (0.5, rgb("e8eaec")), (1, rgb("7d8086"))])
    wood = stroke(smooth([(300, 178), (350, 158), (400, 146), (450, 158), (500, 178)]), 22)
    canvas.paint(wood, [(0, rgb("b07c4d")), (0.4, rgb("d3a473")), (1, rgb("99683e"))])


def _shirt_collar(canvas: Canvas, cloth: Colour) -> None:
    inside = polygon([*arc(400, 156, 58, 20, 180, 360), (444, 200), (400, 218), (356, 200)])
    canvas.paint(inside, [(0, darker(cloth, 0.42)), (1, darker(cloth, 0.26))], across=False)
    canvas.paint(
        stroke(arc(400, 158, 56, 18, 186, 354), 18), [(0, darker(cloth, 0.1)), (0.5, cloth), (1, darker(cloth, 0.2))]
    )
    canvas.paint(rounded(386, 160, 414, 178, 3), rgb("b9855a"))
    for side in (1, -1):
        flap = [(400 - 62 * side, 148), (400 - 4 * side, 214), (400 - 50 * side, 268), (400 - 96 * side, 200)]
        leaf = polygon(flap)
        laid(canvas, leaf, right=3, down=6, blur=5)
        canvas.paint(leaf, [(0, lighter(cloth, 0.26)), (1, darker(cloth, 0.04))], across=False)
        weave(canvas, leaf, darker(cloth, 0.6), step=5, strength=0.08)
        canvas.paint(stroke([flap[1], flap[2], flap[3]], 2), darker(cloth, 0.4), strength=0.6)


def hoodie(cloth: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A hooded sweater with a large pocket and two cords."""
    canvas = Canvas(ground, disc=disc)
    arm = [(246, 226), (190, 276), (156, 400), (142, 544), (176, 560), (222, 556), (250, 440), (276, 340)]
    cuff = [(140, 538), (146, 598), (216, 602), (224, 548)]
    _sleeve(canvas, cloth, arm, cuff, width=6)
    half = [(330, 196), (276, 208), (234, 232), (254, 330), (262, 440), (252, 610), (400, 616)]
    body = polygon(mirrored(half))
    laid(canvas, body)
    canvas.paint(body, dyed(cloth))
    weave(canvas, body, darker(cloth, 0.6), step=4, strength=0.05)
    lines = [[(264, 340), (312, 390), (328, 440)], [(536, 340), (494, 390), (480, 440)]]
    _folds(canvas, body, cloth, lines)
    canvas.shade(body, bottom=0.2)
    rib = polygon([(256, 598), *arc(400, 598, 144, 12, 180, 0), (540, 648), *arc(400, 648, 138, 10, 0, 180)])
    canvas.paint(rib, dyed(darker(cloth, 0.1)))
    canvas.paint(hatched(rib, 6, slope=99), darker(cloth, 0.6), strength=0.3)
    edge = [(322, 444), (478, 444), (524, 560), (524, 596), (276, 596), (276, 560)]
    pocket = polygon(edge)
    laid(canvas, pocket, right=2, down=4, blur=5)
    canvas.paint(pocket, dyed(lighter(cloth, 0.05)))
    weave(canvas, pocket, darker(cloth, 0.6), step=4, strength=0.05)
    for slit in ([(322, 444), (276, 560)], [(478, 444), (524, 560)]):
        canvas.paint(stroke(slit, 6).soft(2), darker(cloth, 0.6), strength=0.6)
    canvas.paint(together([bar((322, 446), (478, 446), 3)]), darker(cloth, 0.4), strength=0.6)
    _hood(canvas, cloth)
    return canvas


def _hood(canvas: Canvas, cloth: Colour) -> None:
    hood = polygon(
        smooth(mirrored([(400, 108), (330, 122), (286, 176), (284, 232), (330, 276), (400, 304)]), closed=True)
    )
    laid(canvas, hood, right=6, down=10, blur=10)
    canvas.paint(hood, dyed(cloth))
    weave(canvas, hood, darker(cloth, 0.6), step=4, strength=0.05)
    lining = mix(cloth, rgb("f3eadb"), 0.45)
    opening = polygon(smooth(mirrored([(400, 148), (350, 160), (322, 204), (336, 252), (400, 288)]), closed=True))
    canvas.paint(opening, [(0, darker(lining, 0.42)), (1, darker(lining, 0.12))], across=False)
    canvas.paint(hatched(opening, 5, slope=0.9), WHITE, strength=0.08)
    rim = smooth(mirrored([(400, 148), (350, 160), (322, 204), (336, 252), (400, 290)]), closed=True)
    canvas.paint(stroke([*rim, rim[0]], 9), dyed(darker(cloth, 0.06)))
    canvas.paint(stroke([(400, 292), (400, 312)], 4).soft(1), darker(cloth, 0.5), strength=0.6)
    for x, lean, end in ((366, -6, 400), (434, 4, 386)):
        canvas.paint(ellipse(x, 282, 6, 6), rgb("b7bbc0"))
        cord = smooth([(x, 282), (x + lean, 330), (x + lean / 2, end)])
        canvas.paint(stroke([(a + 3, b + 2) for a, b in cord], 7).soft(2), darker(cloth, 0.7), strength=0.4)
        canvas.paint(stroke(cord, 7), lighter(mix(cloth, rgb("f3eadb"), 0.6), 0.3))
        canvas.paint(
            polygon(
                [
                    (x + lean / 2 - 5, end),
                    (x + lean / 2 + 5, end),
                    (x + lean / 2 + 5, end + 20),
                    (x + lean / 2 - 5, end + 20),
                ]
            ),
            rgb("c9ccd0"),
        )


def scarf(cloth: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A checked scarf, looped once, its fringes down."""
    canvas = Canvas(ground, disc=disc)
    back = polygon(turned([(410, 260), (546, 260), (546, 590), (410, 590)], -9, about=(478, 300)))
    front = polygon(turned([(262, 290), (404, 290), (404, 610), (262, 610)], 5, about=(333, 320)))
    _fringe(canvas, cloth, [(460, 592), (594, 571)], lean=9)
    _checked(canvas, cloth, back, slope=0.158)
    _fringe(canvas, cloth, [(237, 600), (379, 612)], lean=-5)
    _checked(canvas, cloth, front, slope=-0.087)
    ring = polygon(
        smooth(mirrored([(400, 112), (286, 128), (206, 204), (220, 306), (300, 372), (400, 392)]), closed=True)
    )
    hole = polygon(smooth(mirrored([(400, 178), (336, 186), (288, 216), (302, 252), (400, 272)]), closed=True))
    laid(canvas, ring, right=5, down=12, blur=12)
    canvas.paint(hole, darker(cloth, 0.62))
    loop = ring.without(hole)
    _checked(canvas, cloth, loop, slope=0.0, shadow=False)
    rim = smooth(mirrored([(400, 174), (330, 182), (280, 214), (296, 258), (400, 280)]), closed=True)
    canvas.paint(stroke([*rim, rim[0]], 22).soft(9).within(loop), darker(cloth, 0.7), strength=0.5)
    lines = [[(232, 232), (280, 316), (390, 350)], [(568, 232), (520, 324), (410, 368)]]
    _folds(canvas, loop, cloth, [*lines, [(222, 276), (290, 352), (380, 380)], [(300, 150), (380, 136), (470, 146)]])
    return canvas


def _checked(canvas: Canvas, cloth: Colour, body: Shape, *, slope: float, shadow: bool = True) -> None:
    if shadow:
        laid(canvas, body)
    canvas.paint(body, dyed(cloth))
    cream, dark = rgb("f2e7d5"), darker(cloth, 0.55)
    upright = 1 / slope if slope else 99
    for step, width, tone, strength in ((78, 26, dark, 0.42), (78, 5, cream, 0.85), (156, 9, cream, 0.3)):
        canvas.paint(hatched(body, step, slope=slope, width=width), tone, strength=strength)
        canvas.paint(hatched(body, step, slope=-upright if slope else 99, width=width), tone, strength=strength)
    canvas.paint(hatched(body, 4, slope=1.0), WHITE, strength=0.1)
    canvas.shade(body, bottom=0.2)


def _fringe(canvas: Canvas, cloth: Colour, edge: list[Point], *, lean: float) -> None:
    (left, high), (right, low) = edge
    count = 14
    threads: list[list[Point]] = []
    for place in range(count):
        x = left + (right - left) * (place + 0.5) / count
        y = high + (low - high) * (place + 0.5) / count
        threads.append(bar((x, y - 8), (x + lean + (place % 3 - 1) * 3, y + 46 + place * 7 % 11), 5))
    canvas.paint(
        together([[(x + 6, y + 8) for x, y in thread] for thread in threads]).soft(5), rgb("3a2a2a"), strength=0.3
    )
    canvas.paint(together(threads[::2]), lighter(cloth, 0.1))
    canvas.paint(together(threads[1::2]), mix(cloth, rgb("f2e7d5"), 0.55))
