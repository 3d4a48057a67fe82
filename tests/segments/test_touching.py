"""Whatever changes what a condition can read leaves a touch, so that watched segments look again."""

import inspect
from collections.abc import Callable
from importlib import import_module

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from segments import (
    contacts,
    coupons,
    facts,
    friends,
    links,
    members,
    points,
    purchases,
    referrals,
    signals,
    surveys,
    tags,
)
from segments.coupons import CouponTerms
from segments.db import Database
from segments.link_tokens import Tapped
from segments.merging import merge
from segments.models import CouponGrant, CustomerEvent, EventKind, Facts, Friend, Purchase, Tag, Touched
from tests.builders import a_friend, a_product, a_watched_segment, days_ago
from tests.fakes.clock import A_SATURDAY as NOW

Act = Callable[[Session, Friend], object]
LATER = NOW.replace(hour=6)


def bought(session: Session, friend: Friend) -> str:
    new = purchases.NewPurchase(
        order_id="A-1",
        friend_id=friend.id,
        bought_at=days_ago(1),
        amount_yen=1000,
        items=(purchases.NewItem("TEA"),),
    )
    purchases.record(session, new, NOW, "test")
    return "A-1"


def linked(session: Session, friend: Friend) -> None:
    members.link(session, friend, members.issue_link_code(session, "M-1", NOW), NOW)


def granted(session: Session, friend: Friend) -> str:
    coupons.define(session, "c", CouponTerms("c", "c", 100, 30), NOW)
    return coupons.grant(session, "c", friend.id, "cause", NOW).code


def paid_with(session: Session, friend: Friend) -> None:
    code = granted(session, friend)
    bought(session, friend)
    coupons.redeem(session, code, "till", NOW, purchase_id=_order(session))


def referred(session: Session, friend: Friend) -> None:
    newcomer = a_friend(session)
    referrals.enter(session, newcomer, referrals.code_of(session, friend), NOW)


def merged(session: Session, friend: Friend) -> None:
    merge(session, a_friend(session, line_user_id=None), into=friend, now=NOW)


def complained(session: Session, friend: Friend) -> None:
    signals.complain(session, friend.id, NOW)


def tapped_link(session: Session, friend: Friend) -> None:
    link = links.register(session, "shop", "https://example.com/", NOW)
    links.tap(session, Tapped(link.id, friend.id, None), NOW)


def forgot_stage(session: Session, friend: Friend) -> None:
    session.get_one(Facts, friend.id).stage = "regular"
    session.flush()


ACTS: dict[str, Act] = {
    "friends.ensure": lambda session, _: friends.ensure(session, "Unew", NOW),
    "friends.add": lambda session, _: friends.add(session, NOW, display_name="新"),
    "friends.follow": lambda session, friend: friends.follow(session, friend, NOW),
    "friends.block": lambda session, friend: friends.block(session, friend, NOW),
    "friends.opt_out": lambda session, friend: friends.opt_out(session, friend, NOW),
    "friends.opt_out_of_offers": lambda session, friend: friends.opt_out_of_offers(session, friend, NOW),
    "friends.speak": lambda session, friend: friends.speak(session, friend, "en"),
    "friends.arrive_by": lambda session, friend: friends.arrive_by(session, friend, "web", NOW),
    "friends.update_profile": lambda session, friend: friends.update_profile(
        session, friend, display_name="新", picture_url=None, language="en", now=NOW
    ),
    "tags.tag": lambda session, friend: tags.tag(session, friend.id, "vip", NOW, "operator:1"),
    "tags.tag_many": lambda session, friend: tags.tag_many(session, [friend.id], "vip", NOW, "api:1"),
    "coupons.grant": granted,
    "referrals.enter": referred,
    "members.link": linked,
    "merging.merge": merged,
    "purchases.record": bought,
    "facts.note": lambda session, friend: facts.note(session, friend.id, NOW, free_item_claimed_at=NOW),
    "signals.claim_free_item": lambda session, friend: signals.claim_free_item(session, friend.id, NOW),
    "signals.inquire": lambda session, friend: signals.inquire(session, friend.id, NOW),
    "signals.offer_trial": lambda session, friend: signals.offer_trial(session, friend.id, LATER, NOW),
    "signals.answer_satisfaction": lambda session, friend: signals.answer_satisfaction(
        session, friend.id, satisfied=True, at=NOW
    ),
    "signals.join_event": lambda session, friend: signals.join_event(session, friend.id, "茶会", NOW),
    "signals.complain": complained,
    "signals.wrote": lambda session, friend: signals.wrote(session, friend.id, NOW),
    "signals.tapped": lambda session, friend: signals.tapped(session, friend.id, NOW),
    "surveys.answer": lambda session, friend: surveys.answer(session, friend.id, "q", "はい", NOW),
    "points.adjust": lambda session, friend: points.adjust(session, friend.id, 5, "c", "operator:1", NOW),
    "points.set_imported": lambda session, friend: points.set_imported(
        session, {friend.id: 7}, "import:1", NOW
    ),
    "contacts.contacted": lambda session, friend: contacts.contacted(session, [friend.id], NOW),
    "links.tap": tapped_link,
}
"""What changes a friend, by module and function."""

AFTER: dict[str, tuple[Act, Act]] = {
    "friends.opt_in": (ACTS["friends.opt_out"], lambda session, friend: friends.opt_in(session, friend, NOW)),
    "friends.opt_in_to_offers": (
        lambda session, friend: friends.opt_out_of_offers(session, friend, NOW),
        lambda session, friend: friends.opt_in_to_offers(session, friend, NOW),
    ),
    "tags.untag": (ACTS["tags.tag"], lambda session, friend: tags.untag(session, friend.id, "vip")),
    "coupons.redeem": (granted, lambda session, _: coupons.redeem(session, _code(session), "till", NOW)),
    "coupons.give_back": (
        paid_with,
        lambda session, _: coupons.give_back(session, _order(session)),
    ),
    "tags.delete": (ACTS["tags.tag"], lambda session, _: tags.delete(session, _tag(session))),
    "members.unlink": (linked, lambda session, friend: members.unlink(session, friend, NOW)),
    "purchases.refund": (bought, lambda session, _: purchases.refund(session, "A-1", NOW)),
    "facts.refresh": (
        forgot_stage,
        lambda session, friend: facts.refresh(session, friend.id, NOW),
    ),
    "signals.withdraw_complaint": (
        complained,
        lambda session, friend: signals.withdraw_complaint(session, _complaint(session, friend), "o", NOW),
    ),
}
"""The same for what changes only what was so before."""

MODULES = [
    "coupons",
    "contacts",
    "friends",
    "links",
    "members",
    "merging",
    "points",
    "purchases",
    "referrals",
    "signals",
    "surveys",
    "tags",
]
CHANGE_NO_FRIEND = {
    *("friends.by_line_id", "tags.find", "tags.ensure", "tags.names_of", "tags.of_friend", "tags.everything"),
    # Of whoever renames a tag it is to change the conditions that name it.
    *(
        "tags.is_name",
        "tags.rename",
        "coupons.of_key",
        "coupons.define",
        "coupons.held",
        "members.issue_link_code",
        "members.looks_like_code",
    ),
    *("surveys.is_question", "surveys.latest", "points.statement", "points.history"),
    *("links.register", "links.targets", "links.url_of", "links.tallies", "links.taps_of"),
    "referrals.code_of",
}
LEAVE_IT_TO_OTHERS = {
    # Grants a coupon, which touches.
    "referrals.reward_first_purchases",
    # Whoever attaches purchases learns from them, which touches.
    "merging.attach_purchases",
    # Undoes an answer in the conversation that gave it; its own tests look after it.
    "surveys.forget",
    # Ends points by the clock: written by the ledger, which touches.
    "points.expire",
}


def test_every_public_function_that_changes_friends_is_named_here() -> None:
    public = {
        f"{name}.{function}"
        for name in MODULES
        for function, found in vars(import_module(f"segments.{name}")).items()
        if inspect.isfunction(found) and found.__module__ == f"segments.{name}" and function[0] != "_"
    }
    named = {name for name in ACTS | AFTER if name.partition(".")[0] in MODULES}
    assert public - CHANGE_NO_FRIEND - LEAVE_IT_TO_OTHERS == named


@pytest.mark.parametrize("name", [*ACTS, *AFTER])
def test_what_changes_a_friend_leaves_a_touch(sqlite: Database, name: str) -> None:
    before, act = AFTER.get(name) or (_nothing, ACTS.get(name, _nothing))
    with sqlite.begin() as session:
        a_watched_segment(session)
        a_product(session, code="TEA", category="tea")
        friend = a_friend(session)
        before(session, friend)
        session.execute(delete(Touched))
        act(session, friend)
        session.flush()
        assert session.scalars(select(Touched.friend_id)).all()


def test_a_referral_touches_both(sqlite: Database) -> None:
    with sqlite.begin() as session:
        a_watched_segment(session)
        friend = a_friend(session)
        referred(session, friend)
        assert len(set(session.scalars(select(Touched.friend_id)))) == 2


def _tag(session: Session) -> Tag:
    return session.scalars(select(Tag)).one()


def _order(session: Session) -> int:
    return session.scalars(select(Purchase.id)).one()


def _code(session: Session) -> str:
    return session.scalars(select(CouponGrant.code)).one()


def _complaint(session: Session, friend: Friend) -> int:
    mine = CustomerEvent.friend_id == friend.id, CustomerEvent.kind == EventKind.COMPLAINED
    return session.scalars(select(CustomerEvent.id).where(*mine)).one()


def _nothing(_session: Session, _friend: Friend) -> None:
    """Change nothing."""
