"""The words by which LINE's messages name sizes, and what they measure in a preview.

https://developers.line.biz/en/docs/messaging-api/flex-message-layout/ and the reference of message objects.
"""

SPACES = {"none": 0, "xs": 2, "sm": 4, "md": 8, "lg": 12, "xl": 16, "xxl": 20}
TEXT_SIZES = {
    "xxs": 11,
    "xs": 13,
    "sm": 14,
    "md": 16,
    "lg": 19,
    "xl": 22,
    "xxl": 29,
    "3xl": 35,
    "4xl": 48,
    "5xl": 74,
}
IMAGE_SIZES = {
    "xxs": 40,
    "xs": 60,
    "sm": 80,
    "md": 100,
    "lg": 120,
    "xl": 140,
    "xxl": 160,
    "3xl": 180,
    "4xl": 200,
    "5xl": 220,
}
CORNERS = {"none": 0, "xs": 2, "sm": 4, "md": 8, "lg": 12, "xl": 16, "xxl": 20}
BORDERS = {"none": 0, "light": 0.5, "normal": 1, "medium": 2, "semi-bold": 3, "bold": 4}
BUBBLES = ("nano", "micro", "deca", "hecto", "kilo", "mega", "giga")

KEYWORDS = {
    "align": {"start", "center", "end"},
    "gravity": {"top", "center", "bottom"},
    "weight": {"bold"},
    "style": {"italic"},
    "decoration": {"underline", "line-through"},
    "justifyContent": {"center", "flex-start", "flex-end", "space-between", "space-around", "space-evenly"},
    "alignItems": {"center", "flex-start", "flex-end"},
    "aspectMode": {"cover", "fit"},
    "height": {"sm", "md"},
}
