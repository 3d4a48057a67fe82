"""Earlier versions of a saved segment: looked at beside the present one, and put back as a new version."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from bot import operators
from bot.console import condition_counting, condition_form, segments_views
from bot.console.access import SENDERS, current_operator, requires
from bot.services import current_services
from bot.words import explain
from segments import saved
from segments.errors import KokyakuError, NotFound

blueprint = Blueprint("segment_versions", __name__, url_prefix="/console/segments")


@blueprint.get("/<int:segment_id>/versions/<int:version>")
@requires(*SENDERS)
def ask_restore(segment_id: int, version: int) -> ResponseReturnValue:
    """Show how a segment stood in a version, what would change, and ask."""
    return _page(segment_id, version)


@blueprint.post("/<int:segment_id>/versions/<int:version>")
@requires(*SENDERS)
def restore(segment_id: int, version: int) -> ResponseReturnValue:
    """Put the segment back to how it stood in the version, unless somebody changed it since it was looked at."""
    services, by = current_services(), current_operator().actor
    now, seen = services.clock.now(), request.form.get("seen", 0, type=int)
    try:
        with services.database.begin() as session:
            changed = saved.restore(session, segment_id, seen, version, by, now)
            details = {"name": changed.name, "version": changed.version, "of": version}
            operators.note(session, by, "segment_restored", str(segment_id), now, **details)
    except NotFound:
        raise
    except KokyakuError as error:
        return _page(segment_id, version, explain(error), 409)
    flash(_("セグメントを版%(version)sの内容に戻しました。", version=version), "success")
    return redirect(url_for("segments.show", segment_id=segment_id))


def _page(segment_id: int, version: int, error: str = "", status: int = 200) -> ResponseReturnValue:
    services = current_services()
    now = services.clock.now()
    with services.database.reading() as session:
        segment = saved.load(session, segment_id)
        if version == segment.version:
            return redirect(url_for("segments.show", segment_id=segment_id))
        kept = saved.version_of(session, segment_id, version)
        before, after = segments_views.compared(session, segment, kept)
        page = render_template(
            "console/segment_restore.html",
            segment=segment,
            before=before,
            after=after,
            counted=condition_counting.count(session, condition_form.of(kept.condition, "c"), now),
            uses=segments_views.uses_of(session, segment_id),
            error=error,
        )
    return page, status
