"""The icons of rich menus: simple shapes of our own on a square of 100 by 100."""

from collections.abc import Callable
from math import cos, pi, sin

from PIL import ImageDraw

Points = list[tuple[float, float]]


class Pen:
    """Draws shapes given on the square of 100 into a picture, somewhere and at some size."""

    def __init__(
        self, draw: ImageDraw.ImageDraw, x: float, y: float, size: float, ink: str, paper: str
    ) -> None:
        self._draw, self._x, self._y, self._scale = draw, x, y, size / 100
        self.ink, self.paper = ink, paper
        self.stroke = max(1, round(7 * self._scale))

    def _at(self, *numbers: float) -> list[float]:
        offsets = (self._x, self._y)
        return [offsets[index % 2] + number * self._scale for index, number in enumerate(numbers)]

    def line(self, *numbers: float) -> None:
        """Draw a line through points, with round ends and corners."""
        spots = self._at(*numbers)
        pairs = list(zip(spots[::2], spots[1::2], strict=True))
        self._draw.line(pairs, fill=self.ink, width=self.stroke, joint="curve")
        for x, y in (pairs[0], pairs[-1]):
            half = self.stroke / 2
            self._draw.ellipse([x - half, y - half, x + half, y + half], fill=self.ink)

    def box(self, left: float, top: float, right: float, bottom: float, round_by: float = 6) -> None:
        """Draw the outline of a box."""
        self._draw.rounded_rectangle(
            self._at(left, top, right, bottom), round_by * self._scale, outline=self.ink, width=self.stroke
        )

    def ring(self, x: float, y: float, radius: float) -> None:
        """Draw a circle's outline."""
        spots = self._at(x - radius, y - radius, x + radius, y + radius)
        self._draw.ellipse(spots, outline=self.ink, width=self.stroke)

    def dot(self, x: float, y: float, radius: float) -> None:
        """Draw a filled circle."""
        self._draw.ellipse(self._at(x - radius, y - radius, x + radius, y + radius), fill=self.ink)

    def arc(self, x: float, y: float, radius: float, start: float, end: float) -> None:
        """Draw a part of a circle; degrees clockwise from the right."""
        spots = self._at(x - radius, y - radius, x + radius, y + radius)
        self._draw.arc(spots, start, end, fill=self.ink, width=self.stroke)

    def shape(self, points: Points) -> None:
        """Draw a closed outline."""
        self.line(*(number for point in [*points, points[0]] for number in point))


def _gift(pen: Pen) -> None:
    pen.box(14, 34, 86, 50)
    pen.box(20, 50, 80, 88)
    pen.line(50, 34, 50, 88)
    pen.line(50, 34, 34, 14, 24, 26, 50, 34)
    pen.line(50, 34, 66, 14, 76, 26, 50, 34)


def _ticket(pen: Pen) -> None:
    pen.line(10, 26, 90, 26, 90, 42)
    pen.arc(90, 50, 9, 90, 270)
    pen.line(90, 58, 90, 74, 10, 74, 10, 58)
    pen.arc(10, 50, 9, 270, 90)
    pen.line(10, 42, 10, 26)
    for top in (34, 47, 60):
        pen.line(60, top, 60, top + 6)


def _bag(pen: Pen) -> None:
    pen.shape([(22, 36), (78, 36), (86, 88), (14, 88)])
    pen.arc(50, 36, 17, 180, 360)


def _people(pen: Pen) -> None:
    pen.ring(36, 32, 14)
    pen.arc(36, 84, 26, 180, 360)
    pen.ring(70, 38, 11)
    pen.arc(72, 84, 18, 235, 360)


def _chat(pen: Pen) -> None:
    pen.box(12, 18, 88, 70, 16)
    pen.line(32, 70, 32, 88, 52, 70)
    for x in (34, 50, 66):
        pen.dot(x, 44, 5)


def _gear(pen: Pen) -> None:
    pen.ring(50, 50, 27)
    pen.ring(50, 50, 9)
    for step in range(8):
        x, y = cos(step * pi / 4), sin(step * pi / 4)
        pen.line(50 + 29 * x, 50 + 29 * y, 50 + 40 * x, 50 + 40 * y)


def _star(pen: Pen) -> None:
    turns = [-pi / 2 + step * pi / 5 for step in range(10)]
    lengths = [42 if step % 2 == 0 else 18 for step in range(10)]
    pen.shape([(50 + r * cos(turn), 53 + r * sin(turn)) for r, turn in zip(lengths, turns, strict=True)])


def _clock(pen: Pen) -> None:
    pen.ring(50, 50, 38)
    pen.line(50, 26, 50, 52, 68, 62)


def _phone(pen: Pen) -> None:
    pen.box(30, 8, 70, 92, 10)
    pen.line(44, 78, 56, 78)


def _pin(pen: Pen) -> None:
    pen.arc(50, 40, 28, 150, 390)
    pen.line(26, 54, 50, 90, 74, 54)
    pen.ring(50, 40, 9)


def _calendar(pen: Pen) -> None:
    pen.box(14, 20, 86, 88, 8)
    pen.line(14, 42, 86, 42)
    pen.line(34, 10, 34, 28)
    pen.line(66, 10, 66, 28)
    for x in (34, 50, 66):
        pen.dot(x, 60, 5)


def _heart(pen: Pen) -> None:
    pen.arc(32, 38, 20, 135, 350)
    pen.arc(68, 38, 20, 190, 405)
    pen.line(17, 51, 50, 86, 83, 51)


def _home(pen: Pen) -> None:
    pen.line(10, 50, 50, 14, 90, 50)
    pen.line(22, 44, 22, 86, 78, 86, 78, 44)
    pen.line(42, 86, 42, 62, 58, 62, 58, 86)


def _card(pen: Pen) -> None:
    pen.box(10, 24, 90, 78, 8)
    pen.line(10, 42, 90, 42)
    pen.line(24, 62, 46, 62)


def _question(pen: Pen) -> None:
    pen.ring(50, 50, 40)
    pen.arc(50, 40, 13, 180, 420)
    pen.line(55, 53, 50, 60)
    pen.dot(50, 72, 5)


def _camera(pen: Pen) -> None:
    pen.box(10, 30, 90, 82, 10)
    pen.line(34, 30, 40, 18, 60, 18, 66, 30)
    pen.ring(50, 56, 15)


def _crown(pen: Pen) -> None:
    pen.shape([(12, 30), (32, 50), (50, 20), (68, 50), (88, 30), (80, 82), (20, 82)])


def _none(_pen: Pen) -> None:
    return


ICONS: dict[str, Callable[[Pen], None]] = {
    "gift": _gift,
    "ticket": _ticket,
    "bag": _bag,
    "people": _people,
    "chat": _chat,
    "gear": _gear,
    "star": _star,
    "clock": _clock,
    "phone": _phone,
    "pin": _pin,
    "calendar": _calendar,
    "heart": _heart,
    "home": _home,
    "card": _card,
    "question": _question,
    "camera": _camera,
    "crown": _crown,
    "none": _none,
}
"""Icons by name; `none` leaves the area to its words."""
