"""Pictures of what is worn on the feet and over the shoulder: sneakers, slippers, tote, backpack, leather bag."""

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
from commerce.demo.textures import (
    bar,
    box,
    dyed,
    hatched,
    laid,
    mirrored,
    stitched,
    straight,
    together,
    turned,
    weave,
)

INK = rgb("1c1420")
BRASS = [(0.0, rgb("8a6a2f")), (0.35, rgb("f1d999")), (0.6, rgb("c49a4c")), (1.0, rgb("7c5d28"))]


def sneakers(cloth: Colour, accent: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A pair of canvas sneakers seen from the side."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(430, 596, 250, down=20)
    _sneaker(canvas, darker(cloth, 0.1), accent, 64, -78)
    canvas.shadow(390, 630, 270, down=20)
    _sneaker(canvas, cloth, accent, 0, 0)
    return canvas


def _sneaker(canvas: Canvas, cloth: Colour, accent: Colour, right: float, down: float) -> None:
    def at(points: list[Point]) -> list[Point]:
        return [(x + right, y + down) for x, y in points]

    upper = polygon(
        at(
            [
                *smooth([(146, 560), (132, 470), (140, 400), (150, 372)]),
                *smooth([(150, 372), (200, 392), (262, 384), (296, 360)]),
                *smooth([(296, 360), (340, 400), (420, 450), (500, 478), (580, 496), (632, 530), (640, 580)]),
                (146, 590),
            ]
        )
    )
    canvas.paint(upper, [(0, darker(cloth, 0.08)), (0.4, lighter(cloth, 0.3)), (0.75, cloth), (1, darker(cloth, 0.16))])
    weave(canvas, upper, darker(cloth, 0.6), step=5, strength=0.08)
    canvas.shade(upper, bottom=0.2)
    opening = polygon(
        at([*smooth([(152, 374), (200, 392), (262, 384), (294, 362)]), *smooth([(294, 362), (230, 356), (152, 374)])])
    )
    canvas.paint(opening, darker(cloth, 0.5))
    heel = polygon(at([(150, 376), (182, 386), (180, 580), (146, 580), (134, 470), (140, 400)])).within(upper)
    canvas.paint(heel, [(0, darker(accent, 0.1)), (0.6, lighter(accent, 0.14)), (1, darker(accent, 0.1))])
    cap = polygon(
        at(smooth([(540, 488), (556, 540), (552, 600), (660, 600), (660, 500), (600, 480)], closed=True))
    ).within(upper)
    canvas.paint(cap, [(0, rgb("f4f1ea")), (0.5, rgb("fffefb")), (1, rgb("d9d4c8"))])
    canvas.paint(stroke(at(smooth([(538, 486), (556, 540), (550, 590)])), 3).within(upper), rgb("b3ab9b"))
    facing = at(smooth([(296, 366), (316, 420), (400, 470), (480, 506)]))
    canvas.paint(stroke([(x - 8, y + 30) for x, y in facing], 2).within(upper), darker(cloth, 0.5), strength=0.7)
    canvas.paint(
        stitched(at(smooth([(196, 400), (206, 470), (204, 560)]))).within(upper), darker(cloth, 0.5), strength=0.8
    )
    laces = [at(bar((304 + n * 36, 418 + n * 18), (344 + n * 36, 386 + n * 19), 10)) for n in range(5)]
    canvas.paint(together([[(x + 2, y + 4) for x, y in lace] for lace in laces]).soft(2), INK, strength=0.35)
    canvas.paint(together(laces), rgb("fdfbf6"))
    for n in range(5):
        canvas.paint(ellipse(304 + n * 36 + right, 418 + n * 18 + down, 5, 5), rgb("8d8f94"))
    sole = polygon(at(box(134, 560, 660, 626, 26)))
    canvas.paint(sole, [(0, rgb("e4dfd4")), (0.4, rgb("fffdf8")), (1, rgb("cfc8ba"))])
    canvas.shade(sole, bottom=0.24)
    canvas.paint(polygon(at([(134, 580), (660, 580), (660, 588), (134, 588)])).within(sole), accent)
    canvas.paint(polygon(at([(134, 616), (660, 616), (660, 640), (134, 640)])).within(sole), rgb("a9764b"))
    canvas.paint(
        hatched(polygon(at([(560, 592), (660, 592), (660, 614), (560, 614)])).within(sole), 7, slope=99),
        INK,
        strength=0.2,
    )


def slippers(cloth: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A pair of open house slippers seen from above."""
    canvas = Canvas(ground, disc=disc)
    for side, tilt in ((-1, -7), (1, 8)):
        middle = 400 + 122 * side

        def at(points: list[Point], *, side: int = side, tilt: float = tilt, middle: float = middle) -> list[Point]:
            mirror = [(middle + (x - 400) * -side, y) for x, y in points]
            return turned(mirror, tilt, about=(middle, 400))

        outline = [(386, 142), (330, 172), (302, 250), (310, 350), (322, 440), (316, 540), (338, 622), (396, 648)]
        outline += [(452, 624), (476, 540), (470, 440), (490, 330), (492, 230), (450, 162)]
        edge = at(smooth(outline, closed=True))
        canvas.paint(polygon([(x + 12, y + 26) for x, y in edge]).soft(16), rgb("3a2a2a"), strength=0.4)
        canvas.paint(polygon([(x + 2, y + 14) for x, y in edge]), [(0, rgb("d8d0c2")), (1, rgb("b9ae9c"))])
        bed = polygon(edge)
        inner = mix(cloth, rgb("efe6d6"), 0.6)
        canvas.paint(bed, [(0, darker(inner, 0.1)), (0.4, lighter(inner, 0.3)), (1, darker(inner, 0.14))])
        weave(canvas, bed, darker(inner, 0.6), step=6, strength=0.12)
        centre = at([(394, 556)])[0]
        canvas.paint(ellipse(*centre, 46, 58).soft(14).within(bed), darker(inner, 0.6), strength=0.2)
        canvas.paint(
            stitched(at(smooth([(326, 440), (322, 540), (344, 612), (396, 634), (446, 614), (466, 540), (462, 440)]))),
            darker(inner, 0.5),
            strength=0.7,
        )
        upper_edge = [(384, 132), (322, 164), (290, 246), (292, 330), (296, 402), (346, 388), (400, 382), (452, 390)]
        upper_edge += [(502, 402), (508, 320), (506, 226), (456, 154)]
        upper = polygon(at(smooth(upper_edge, closed=True)))
        canvas.paint(Shape(upper.left + 2, upper.top + 16, upper.cover).soft(9).within(bed), INK, strength=0.45)
        canvas.paint(upper, dyed(cloth))
        weave(canvas, upper, darker(cloth, 0.6), step=5, strength=0.12)
        canvas.shade(upper, bottom=0.24)
        rim = at(smooth([(294, 392), (346, 380), (400, 374), (452, 382), (498, 392)]))
        canvas.paint(stroke(rim, 12), dyed(darker(cloth, 0.14)))
        canvas.paint(stitched([(x, y - 14) for x, y in rim]), lighter(cloth, 0.6), strength=0.8)
        place = at([(396, 286)])[0]
        canvas.paint(leaf(place[0], place[1] + 22, 56, 22, -90), lighter(cloth, 0.6), strength=0.7)
    return canvas


def tote(cloth: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A canvas tote that stands by itself, a leaf printed on it."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(404, 650, 214, down=20)
    handle = smooth([(316, 330), (308, 236), (336, 146), (400, 116), (464, 146), (492, 236), (484, 330)])
    back = [(x + 14, y - 14) for x, y in handle]
    canvas.paint(stroke(back, 25), dyed(darker(cloth, 0.28)))
    inside = polygon([(214, 300), (236, 276), (576, 276), (590, 300), (560, 330), (240, 330)])
    canvas.paint(inside, darker(cloth, 0.48))
    side = polygon([(584, 300), (620, 286), (602, 624), (566, 652)])
    canvas.paint(side, [(0, darker(cloth, 0.24)), (1, darker(cloth, 0.4))])
    weave(canvas, side, darker(cloth, 0.7), step=5, strength=0.1)
    edge = [
        *smooth([(208, 300), (300, 304), (400, 306), (500, 304), (590, 300)]),
        *smooth([(590, 300), (584, 480), (574, 630)]),
    ]
    edge += [
        *arc(556, 634, 18, 18, 0, 90),
        *arc(244, 634, 18, 18, 90, 180),
        *smooth([(226, 630), (216, 480), (208, 300)]),
    ]
    body = polygon(edge)
    canvas.paint(body, dyed(cloth))
    weave(canvas, body, darker(cloth, 0.6), step=5, strength=0.12)
    for line in (
        [(300, 420), (286, 520), (296, 640)],
        [(514, 400), (532, 520), (520, 640)],
        [(260, 320), (276, 380), (268, 440)],
    ):
        canvas.paint(stroke(smooth(line), 8, 30).soft(10).within(body), darker(cloth, 0.6), strength=0.18)
    canvas.shade(body, bottom=0.2)
    canvas.paint(stitched(straight((220, 336), (580, 336))).within(body), darker(cloth, 0.5), strength=0.6)
    canvas.paint(stroke(handle, 26).without(polygon([(0, 332), (800, 332), (800, 400), (0, 400)])), dyed(cloth))
    canvas.paint(stroke([(x - 5, y) for x, y in handle], 4).soft(2), WHITE, strength=0.25)
    for x in (316, 484):
        canvas.paint(rounded(x - 14, 318, x + 14, 392, 4), dyed(lighter(cloth, 0.06)))
        cross = [bar((x - 10, 346), (x + 10, 386), 2), bar((x + 10, 346), (x - 10, 386), 2)]
        canvas.paint(
            together([*cross, bar((x - 11, 345), (x + 11, 345), 2), bar((x - 11, 387), (x + 11, 387), 2)]),
            darker(cloth, 0.6),
            strength=0.8,
        )
    print_tone = mix(rgb("3f6b58"), WHITE, 0.82) if sum(cloth) < 330 else rgb("3f6b58")
    for turn, length in ((-90, 110), (-140, 84), (-40, 84)):
        canvas.paint(leaf(400, 534, length, 38, turn), print_tone, strength=0.85)
    canvas.paint(together([bar((400, 520), (400, 576), 5)]), print_tone, strength=0.85)
    return canvas


def backpack(cloth: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A slim backpack with a front pocket and leather tabs."""
    canvas = Canvas(ground, disc=disc)
    leather = rgb("a8703f")
    canvas.shadow(404, 648, 200, down=22)
    for line in ([(232, 300), (176, 400), (184, 520), (238, 596)], [(568, 300), (624, 400), (616, 520), (562, 596)]):
        canvas.paint(stroke(smooth(line), 34, 22), dyed(darker(cloth, 0.3)))
    loop = smooth([(352, 166), (356, 116), (400, 100), (444, 116), (448, 166)])
    canvas.paint(stroke(loop, 20), dyed(darker(cloth, 0.2)))
    body = polygon(
        smooth(
            mirrored([(400, 140), (312, 150), (238, 214), (216, 330), (212, 480), (222, 600), (272, 646), (400, 652)]),
            closed=True,
        )
    )
    canvas.paint(body, dyed(cloth))
    weave(canvas, body, darker(cloth, 0.6), step=4, strength=0.08)
    canvas.shade(body, bottom=0.3)
    canvas.gleam([(262, 240), (244, 340), (242, 440)], 26, within=body, strength=0.3, blur=12)
    zipper = smooth([(228, 420), (238, 300), (292, 214), (400, 190), (508, 214), (562, 300), (572, 420)])
    canvas.paint(stroke(zipper, 11), darker(cloth, 0.5))
    canvas.paint(stitched(zipper, length=4, gap=4, width=4), rgb("b9bcc1"), strength=0.9)
    pocket = polygon(box(252, 388, 548, 624, 44))
    laid(canvas, pocket, right=2, down=8, blur=9)
    canvas.paint(pocket, dyed(lighter(cloth, 0.06)))
    weave(canvas, pocket, darker(cloth, 0.6), step=4, strength=0.08)
    canvas.shade(pocket, bottom=0.24)
    canvas.paint(stitched(box(262, 398, 538, 614, 36)), lighter(cloth, 0.5), strength=0.5)
    canvas.paint(together([bar((282, 436), (518, 436), 11)]), darker(cloth, 0.55))
    canvas.paint(stitched(straight((286, 436), (514, 436)), length=4, gap=4, width=4), rgb("b9bcc1"), strength=0.9)
    for x, y in ((296, 440), (562, 424)):
        canvas.paint(
            rounded(x - 8, y, x + 8, y + 46, 6),
            [(0, darker(leather, 0.2)), (0.4, lighter(leather, 0.3)), (1, darker(leather, 0.25))],
        )
        canvas.paint(ellipse(x, y, 8, 8), BRASS)
    patch = rounded(360, 276, 440, 330, 8)
    laid(canvas, patch, right=1, down=3, blur=3)
    canvas.paint(patch, [(0, darker(leather, 0.12)), (0.4, lighter(leather, 0.25)), (1, darker(leather, 0.2))])
    canvas.paint(stitched(box(366, 282, 434, 324, 5), length=5, gap=4, width=1.8), rgb("f0ddc0"), strength=0.8)
    for turn, length in ((-90, 26), (-146, 20), (-34, 20)):
        canvas.paint(leaf(400, 316, length, 10, turn), rgb("5e3a1c"), strength=0.85)
    return canvas


def crossbody(leather: Colour, ground: Colour, disc: Colour) -> Canvas:
    """A small leather bag with a flap and a brass buckle, its strap in an arc above."""
    canvas = Canvas(ground, disc=disc)
    canvas.shadow(400, 634, 214, down=20)
    strap = smooth([(218, 400), (190, 280), (240, 150), (400, 100), (560, 150), (610, 280), (582, 400)])
    canvas.paint(stroke([(x + 5, y + 8) for x, y in strap], 17).soft(7), rgb("3a2a2a"), strength=0.22)
    canvas.paint(stroke(strap, 19), dyed(darker(leather, 0.14)))
    canvas.paint(stroke([(x, y - 4) for x, y in strap], 3).soft(1.5), WHITE, strength=0.3)
    for x in (216, 584):
        canvas.paint(stroke(arc(x, 396, 15, 19, 0, 360), 7), BRASS)
    body = polygon(
        smooth(
            mirrored([(400, 374), (240, 380), (206, 420), (198, 540), (218, 612), (270, 634), (400, 638)]), closed=True
        )
    )
    canvas.paint(body, dyed(darker(leather, 0.1)))
    canvas.shade(body, bottom=0.36)
    canvas.paint(
        stitched(smooth([(216, 520), (230, 598), (280, 620), (400, 624), (520, 620), (570, 598), (584, 520)])),
        rgb("f0ddc0"),
        strength=0.75,
    )
    flap_edge = mirrored(
        [*smooth([(236, 372), (206, 388), (196, 430)]), *smooth([(196, 430), (214, 500), (280, 548), (400, 562)])]
    )
    flap = polygon(flap_edge)
    canvas.paint(Shape(flap.left + 2, flap.top + 12, flap.cover).soft(9).within(body), INK, strength=0.5)
    canvas.paint(
        flap, [(0, darker(leather, 0.1)), (0.28, lighter(leather, 0.26)), (0.6, leather), (1, darker(leather, 0.22))]
    )
    canvas.shade(flap, bottom=0.2)
    canvas.gleam([(250, 404), (330, 392), (470, 392)], 22, within=flap, strength=0.4, blur=10)
    canvas.paint(
        stitched(smooth([(210, 432), (228, 492), (290, 534), (400, 547), (510, 534), (572, 492), (590, 432)])),
        rgb("f0ddc0"),
        strength=0.85,
    )
    tab = rounded(374, 500, 426, 606, 22)
    laid(canvas, tab, right=2, down=5, blur=5)
    canvas.paint(tab, [(0, darker(leather, 0.16)), (0.4, lighter(leather, 0.2)), (1, darker(leather, 0.24))])
    canvas.paint(stitched(box(380, 506, 420, 600, 17), length=6, gap=5, width=2), rgb("f0ddc0"), strength=0.8)
    buckle = rounded(364, 540, 436, 582, 9)
    canvas.paint(Shape(buckle.left + 1, buckle.top + 4, buckle.cover).soft(3), INK, strength=0.4)
    canvas.paint(buckle, BRASS)
    canvas.paint(rounded(375, 550, 425, 572, 5), darker(leather, 0.3))
    canvas.paint(rounded(396, 546, 404, 576, 3), BRASS)
    return canvas
