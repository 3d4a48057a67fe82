"""The forms of the page of messages and yen: the limits, and one plan."""

from collections.abc import Container
from dataclasses import replace
from typing import Any, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, IntegerField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from scheduler import plans
from scheduler.plans import Plan
from segments.errors import Invalid, KokyakuError
from segments.shop import Shop
from segments.shop_values import MOST

WHOLE = _l("0以上の整数で入力してください。")
FIELD_OF = {"monthly_yen": "monthly", "name": "name", "name_en": "name_en", "included": "included"}


class LimitsForm(FlaskForm):
    """The hard budget, and from how many friends on a second person is asked."""

    budget = IntegerField(
        _l("1か月の配信予算（円・税別）"),
        validators=[Optional(), NumberRange(0, MOST, message=WHOLE)],
    )
    approval_above = IntegerField(
        _l("2人目の承認が必要な人数"),
        validators=[Optional(), NumberRange(0, MOST, message=WHOLE)],
    )

    def shop(self, stored: Shop) -> Shop:
        """Return the shop with these limits."""
        return replace(stored, monthly_budget_yen=self.budget.data, approval_above=self.approval_above.data)

    def refuse(self, code: str, words: str) -> None:
        """Put a refusal beside the field it is about."""
        _add(self.approval_above if code == "approver_missing" else self.budget, words)


class PlanForm(FlaskForm):
    """What one plan costs."""

    key = StringField(_l("記号（半角の英小文字と数字）"), validators=[Length(max=32)])
    name = StringField(
        _l("プランの名前（日本語）"),
        validators=[DataRequired(_l("プランの名前を入力してください。")), Length(max=plans.NAME_LIMIT)],
    )
    name_en = StringField(_l("プランの名前（英語・任意）"), validators=[Length(max=plans.NAME_LIMIT)])
    monthly = IntegerField(
        _l("月額（円・税別）"),
        validators=[InputRequired(WHOLE), NumberRange(0, plans.MOST, message=WHOLE)],
    )
    included = IntegerField(
        _l("無料の通数"),
        validators=[InputRequired(WHOLE), NumberRange(0, plans.MOST, message=WHOLE)],
    )
    extra = StringField(_l("追加メッセージの料金（任意）"), validators=[Length(max=400)])

    def plan(self, key: str | None) -> Plan:
        """Return the plan; raises Invalid (plan_invalid) for prices that cannot be read."""
        name = (self.name.data or "").strip()
        return Plan(
            key=key or (self.key.data or "").strip(),
            name=name,
            name_en=(self.name_en.data or "").strip() or name,
            monthly_yen=cast("int", self.monthly.data),
            included=cast("int", self.included.data),
            extra=plans.read_tiers(self.extra.data or ""),
        )

    def refuse_taken(self, key: str, taken: Container[str]) -> None:
        """Refuse a new plan under the key of another: it would silently replace that."""
        if key in taken:
            raise Invalid("plan_invalid", field="key")

    def refuse(self, error: KokyakuError, words: str) -> None:
        """Put a refusal beside the field it is about, in words that say how it is written."""
        match error.params.get("field"):
            case "key":
                _add(self.key, _("半角の英小文字・数字で、ほかのプランと重ならないようにしてください。"))
            case "extra":
                _add(self.extra, _("「50000:3, 2.8」のように、上限の通数:1通の円、の順に入力してください。"))
            case str() as name:
                _add(getattr(self, FIELD_OF.get(name, "name")), words)
            case _:
                _add(self.name, words)


def plan_filled(plan: Plan) -> dict[str, Any]:
    """Return the form's fields for a stored plan."""
    return {
        "key": plan.key,
        "name": plan.name,
        "name_en": plan.name_en,
        "monthly": plan.monthly_yen,
        "included": plan.included,
        "extra": plans.write_tiers(plan.extra),
    }


def _add(field: Field, words: str) -> None:
    field.errors = [*(field.errors or ()), words]
