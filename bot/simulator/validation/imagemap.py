"""The properties of an imagemap message."""

from bot.simulator.validation.objects import by_type, record
from bot.simulator.validation.rules import Fields, array, may, need, text, uri, whole

_AREA = need(
    record({"x": need(whole()), "y": need(whole()), "width": need(whole(1)), "height": need(whole(1))})
)
_LABEL = may(text(100))
_LINK = need(uri(1000, ("http", "https", "line", "tel")))
_ACTION = by_type({
    "message": record({"text": need(text(400)), "area": _AREA, "label": _LABEL}),
    "uri": record({"linkUri": _LINK, "area": _AREA, "label": _LABEL}),
    "clipboard": record({"clipboardText": need(text(1000)), "area": _AREA, "label": _LABEL}),
})  # fmt: skip
_VIDEO = record({
    "originalContentUrl": need(uri()),
    "previewImageUrl": need(uri()),
    "area": _AREA,
    "externalLink": may(record({"linkUri": _LINK, "label": need(text(30))})),
})  # fmt: skip

IMAGEMAP: Fields = {
    "baseUrl": need(uri()),
    "baseSize": need(record({"width": need(whole(1040, 1040)), "height": need(whole(1))})),
    "actions": need(array(_ACTION, 1, 50)),
    "video": may(_VIDEO),
}
