"""Why a friend is meant or not, said from the same tree that counts everybody."""

from typing import Any

import pytest
from hypothesis import given, settings
from sqlalchemy import event
from sqlalchemy.orm import Session

from segments import audience, condition_words, tags
from segments import condition_leaves as leaf
from segments.condition_explain import Explanation, deciding, explain
from segments.conditions import All, AnyOf, Condition, NoneOf, parse
from segments.db import Database
from segments.errors import Invalid, NotFound
from segments.leaves.context import NOTHING_KNOWN
from segments.leaves.node import Leaf
from segments.models import Friend
from tests.builders import a_friend, a_product, days_ago
from tests.fakes.clock import A_SATURDAY as NOW
from tests.segments.condition_trees import strategies, trees
from tests.segments.condition_world import World

TWICE = leaf.PurchaseCount(at_least=2)
JAPANESE = leaf.Speaks(languages=["ja"])
BLOCKED = leaf.Blocked()


def told(session: Session, condition: Condition, friend: Friend) -> tuple[str, str]:
    found = explain(session, condition, friend.id, NOW)
    return found.verdict("ja"), found.verdict("en")


def test_an_explanation_gives_the_answer_of_the_count(database: Database) -> None:
    with database.begin() as session:
        world = World(session, size=12)
        ids = [one.id for one in world.friends]

    @given(trees(tuple(ids[:3]), world.audience_id, world.segment_id))
    @settings(deadline=None, max_examples=25)
    def agrees(condition: Condition) -> None:
        with database.reading() as session:
            for friend_id in ids[:3]:
                found = explain(session, condition, friend_id, NOW)
                assert found.holds == audience.matches(session, condition, friend_id, NOW)
                assert found.verdict("ja").startswith(("対象", "条件には"))

    agrees()


def test_every_leaf_says_itself_and_what_it_saw(database: Database) -> None:
    with database.begin() as session:
        world = World(session, size=8)
        ids = [one.id for one in world.friends]

    @settings(deadline=None, max_examples=4)
    def says(condition: Any) -> None:
        with database.reading() as session:
            found = explain(session, condition, ids[0], NOW)
        for language in ("ja", "en"):
            assert found.words.of(language).strip() == found.words.of(language) != ""
            assert "None" not in found.verdict(language)
        assert "、" not in found.words.en
        assert found.words.ja == condition_words.words(condition, "ja", NOTHING_KNOWN) or condition.named()

    for strategy in strategies(tuple(ids[:3]), world.audience_id).values():
        given(strategy)(says)()


def test_the_words_and_the_friends_own_values_are_said(sqlite: Database) -> None:
    with sqlite.begin() as session:
        friend = a_friend(session, facts={"purchase_count": 3})
        assert told(session, TWICE, friend) == (
            "対象です。理由：2回以上購入（3回購入しています）",
            "Included. Because: bought at least twice (bought 3 times)",
        )
        once = a_friend(session, facts={"purchase_count": 1})
        assert told(session, TWICE, once) == (
            "対象外です。理由：「2回以上購入」にあてはまりません（1回購入しています）",
            "Not included. Because: not: bought at least twice (bought once)",
        )


def test_only_the_parts_that_decided_are_named(sqlite: Database) -> None:
    with sqlite.begin() as session:
        friend = a_friend(session, language="en", facts={"purchase_count": 3})

        def reasons(condition: Condition) -> list[str]:
            return [each.kind for each in deciding(explain(session, condition, friend.id, NOW))]

        assert reasons(All(of=[TWICE, JAPANESE])) == ["language"]
        assert reasons(AnyOf(of=[TWICE, JAPANESE])) == ["purchase_count"]
        assert reasons(NoneOf(of=[TWICE, JAPANESE])) == ["purchase_count"]
        assert reasons(NoneOf(of=[JAPANESE, BLOCKED])) == ["language", "blocked"]
        assert reasons(All(of=[NoneOf(of=[JAPANESE]), AnyOf(of=[BLOCKED, TWICE])])) == [
            "language",
            "purchase_count",
        ]
        assert reasons(All(of=[])) == []
        assert told(session, All(of=[]), friend)[0] == "対象です。理由：条件がありません"


def test_who_is_no_friend_on_line_is_told_so(sqlite: Database) -> None:
    with sqlite.begin() as session:
        friend = a_friend(session, line_user_id=None)
        found = explain(session, leaf.Everyone(), friend.id, NOW)
        assert (found.holds, found.sendable) == (True, False)
        assert "LINEの友だちではない" in found.verdict("ja")


def test_one_query_looks_at_the_friend(sqlite: Database) -> None:
    with sqlite.begin() as session:
        friend = a_friend(session)
        whole = All(of=[TWICE, JAPANESE, BLOCKED, leaf.LastPurchase(within_days=3), leaf.HasCoupon()])
        session.flush()
        asked: list[str] = []
        event.listen(sqlite.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        explain(session, whole, friend.id, NOW)
        # The shop's zone, and the friend.
        assert len([statement for statement in asked if statement.startswith("SELECT")]) == 2


def test_goods_and_segments_go_by_their_names(sqlite: Database) -> None:
    with sqlite.begin() as session:
        a_product(session, code="SEN", name="煎茶")
        friend = a_friend(session)
        found = explain(session, leaf.Bought(products=["SEN"], within_days=30), friend.id, NOW)
        assert found.words.ja == "30日以内に「煎茶」を購入"
        assert found.seen is not None
        assert found.seen.ja == "購入していません"


def test_nobody_and_what_is_gone_are_refused(sqlite: Database) -> None:
    with sqlite.begin() as session:
        friend = a_friend(session)
        with pytest.raises(NotFound, match="friend_unknown"):
            explain(session, TWICE, 999, NOW)
        with pytest.raises(Invalid, match="condition_tag_missing"):
            explain(session, leaf.Tagged(names=["gone"]), friend.id, NOW)


@pytest.mark.parametrize(
    ("tree", "ja", "en"),
    [
        (
            {"is": "all", "of": [{"is": "stage", "stages": ["trial"]}, {"is": "blocked"}]},
            "顧客ステージが「トライアル」、かつブロックしている",
            "customer stage is Trial and blocked us",
        ),
        (
            {
                "is": "all",
                "of": [{"is": "any", "of": [{"is": "blocked"}, {"is": "opted_out"}]}, {"is": "everyone"}],
            },
            "（ブロックしている、または配信停止を希望している）、かつすべての友だち",
            "(blocked us or opted out) and everyone",
        ),
        (
            {"is": "none", "of": [{"is": "suppressed"}]},
            "「ご案内を控えている」にあてはまらない",
            "not (gets no further offers)",
        ),
        (
            {"is": "last_purchase", "within_days": 30},
            "最後の購入が30日以内",
            "last bought within the last 30 days",
        ),
        (
            {"is": "last_contacted", "before_days": 14, "or_never": True},
            "最後の配信が14日以上前（または一度もない）",
            "last contacted at least 14 days ago or never",
        ),
        ({"is": "spend", "at_least": 10000}, "購入金額の合計が10,000円以上", "spent at least ¥10,000"),
        (
            {"is": "bought", "categories": ["お茶"], "at_least": 2, "within_days": 90},
            "90日以内に「お茶」を2回以上購入",
            "bought お茶 at least twice within the last 90 days",
        ),
        ({"is": "due_within", "days": 3}, "次の購入予定が3日以内", "next purchase due within 3 days"),
        ({"is": "tag", "names": ["VIP"], "match": "all"}, "タグ「VIP」がある", "has the tag VIP"),
        ({"is": "any", "of": []}, "だれもあてはまらない", "nobody"),
    ],
)
def test_conditions_are_said_in_both_languages(tree: dict[str, Any], ja: str, en: str) -> None:
    condition = parse(tree)
    assert (condition_words.words(condition, "ja"), condition_words.words(condition, "en")) == (ja, en)


def test_the_tree_is_told_as_json(sqlite: Database) -> None:
    with sqlite.begin() as session:
        friend = a_friend(session, followed_at=days_ago(2))
        tags.tag(session, friend.id, "VIP", NOW, "test")
        whole = AnyOf(of=[leaf.Tagged(names=["VIP"]), BLOCKED])
        found: Explanation = explain(session, whole, friend.id, NOW)
        assert found.to_json("en") == {
            "is": "any",
            "holds": True,
            "words": "has the tag VIP or blocked us",
            "parts": [
                {"is": "tag", "holds": True, "words": "has the tag VIP", "seen": "VIP"},
                {"is": "blocked", "holds": False, "words": "blocked us"},
            ],
        }


def test_every_class_of_leaf_is_in_the_tree() -> None:
    def below(kind: Any) -> set[Any]:
        return {kind} | {each for child in kind.__subclasses__() for each in below(child)}

    written = {kind for kind in below(Leaf) if "kind" in kind.model_fields}
    assert written == set(leaf.LEAVES)
