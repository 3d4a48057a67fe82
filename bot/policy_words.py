"""What every threshold of every policy is called and what it means, with where it comes from."""

from typing import NamedTuple

from bot.i18n import N_


class Threshold(NamedTuple):
    """One number the shop decides."""

    label: str
    means: str
    source: str = ""
    """Seed document and heading; "" for a choice of ours."""


POLICY_NAMES = {
    "stages": N_("顧客ステージ（顧客ピラミッド）"),
    "growth": N_("成長段階（7段階成長）"),
    "classes": N_("顧客分類（4つの分類）"),
    "rfm": N_("RFMの点数"),
    "contact": N_("接触の計画"),
    "trust": N_("信頼貯金の点数"),
    "control": N_("対照グループ"),
}
PYRAMID = N_("資料000「顧客ピラミッド、優良顧客のつくり方」")
GROWTH = N_("資料001「顧客が信者化してしまうCRM戦略の裏側」")
CLASSES = N_("資料002「4つの顧客の分類とアプローチ方法」")
PLAN = N_("資料003「顧客との接触」")
ANALYSIS = N_("資料004「購買履歴の分析」")

THRESHOLDS = {
    "stages": {
        "regular_purchases": Threshold(
            N_("常連になる購入回数"), N_("下の期間に、正規価格でこの回数買うと「常連」です。"), PYRAMID
        ),
        "regular_window_days": Threshold(
            N_("常連を数える期間（日）"), N_("さかのぼってこの日数の購入を数えます。"), PYRAMID
        ),
        "regular_spend_yen": Threshold(
            N_("常連になる購入金額（円・任意）"),
            N_("入力すると、期間内にこの金額を買った人も「常連」です。空欄なら回数だけで決めます。"),
            PYRAMID,
        ),
        "lapse_days_without_cycle": Threshold(
            N_("周期がわからない人が離脱となる日数"),
            N_("購買サイクルがまだわからない人は、最後の購入からこの日数で「離脱」です。"),
            CLASSES,
        ),
    },
    "growth": {
        "settling_purchases": Threshold(
            N_("定着する購入回数"),
            N_(
                "同じ商品をこの回数買うと習慣になったと見て「顧客」です。商品ごとの回数があれば、そちらが先です。"
            ),
            GROWTH,
        ),
        "related_products": Threshold(
            N_("熱心な顧客になる関連商品の数"),
            N_("上位版や関連商品をこの数だけ買うと「熱心な顧客」です。"),
            GROWTH,
        ),
        "reactions": Threshold(
            N_("フォロワーになる反応の回数"),
            N_("メッセージやタップがこの回数あると「フォロワー」です。"),
            GROWTH,
        ),
        "reaction_days": Threshold(
            N_("反応が有効な日数"), N_("最後の反応からこの日数がたつと「フォロワー」から外れます。"), GROWTH
        ),
        "referrals": Threshold(
            N_("ファンになる紹介の人数"), N_("この人数を紹介すると「ファン」です。"), GROWTH
        ),
        "events": Threshold(
            N_("ファンになるイベントの参加回数"), N_("イベントにこの回数参加しても「ファン」です。"), GROWTH
        ),
        "subscription_grace": Threshold(
            N_("定期購入が途切れたと見る周期の数"),
            N_("次の購入がないまま、この数の周期がすぎると途切れたと見ます。1.5なら1周期半です。"),
        ),
        "member_days": Threshold(
            N_("会員になる定期購入の日数"), N_("定期購入がこの日数途切れずに続くと「会員」です。"), GROWTH
        ),
        "evangelist_products": Threshold(
            N_("信者（伝道者）になる商品の数"),
            N_("違う商品をこの数だけ買い、下の2つも満たすと「信者（伝道者）」です。"),
            GROWTH,
        ),
        "evangelist_related": Threshold(
            N_("そのうち上位版や関連商品の数"),
            N_("買った商品のうち、この数が上位版や関連商品であることを求めます。"),
            GROWTH,
        ),
        "evangelist_referrals": Threshold(
            N_("信者（伝道者）になる紹介の人数"), N_("あわせて、この人数の紹介を求めます。"), GROWTH
        ),
    },
    "classes": {
        "loyal_purchases": Threshold(
            N_("ロイヤルカスタマーになる購入回数"), N_("通算でこの回数買うことを求めます。"), CLASSES
        ),
        "loyal_days": Threshold(
            N_("最初の購入からの日数"),
            N_("最初の購入からこの日数がたつことも求めます（数年という長期にわたって購入してくれる顧客）。"),
            CLASSES,
        ),
    },
    "rfm": {
        "recency_days": Threshold(
            N_("最終購入日の点"),
            N_("最後の購入からの日数がこれより少ないと5・4・3・2点、それ以上は1点です。"),
            ANALYSIS,
        ),
        "purchase_counts": Threshold(
            N_("購入回数の点"), N_("購入回数がこれ以上で2・3・4・5点、はじめての購入は1点です。"), ANALYSIS
        ),
        "spend_yen": Threshold(
            N_("購入金額の点"),
            N_("購入金額（円）がこれ以上で2・3・4・5点、それより少ないと1点です。"),
            ANALYSIS,
        ),
        "loyal_purchases": Threshold(
            N_("ロイヤルカスタマーの購入回数"),
            N_("この回数以上買い、離脱していない人がロイヤルカスタマー、ほかはカジュアルバイヤーです。"),
            ANALYSIS,
        ),
    },
    "contact": {
        "week": Threshold(N_("7日間の上限（通）"), N_("7日間に送るメッセージの上限です。"), PLAN),
        "month": Threshold(N_("30日間の上限（通）"), N_("30日間に送るメッセージの上限です。"), PLAN),
        "floor": Threshold(
            N_("30日間の下限（通）"),
            N_("これより少ない友だちは一覧で確かめられます。自動では送りません。"),
            PLAN,
        ),
        "sales_percent": Threshold(
            N_("販売の割合の上限（％）"), N_("最近のメッセージのうち、販売のご案内の割合の上限です。"), PLAN
        ),
        "sales_of_last": Threshold(N_("割合を数える通数"), N_("最近の何通で割合を数えるかです。"), PLAN),
    },
    "trust": {
        "care": Threshold(N_("お礼やお役立ちの配信"), N_("LINEが受け付けるたびに増える点です。"), PYRAMID),
        "sale": Threshold(N_("販売のご案内"), N_("送るたびに減る点です。"), PYRAMID),
        "tap": Threshold(N_("ボタンやリンクのタップ"), N_("タップされるたびに増える点です。")),
        "reply": Threshold(N_("友だちからのメッセージ"), N_("話しかけられるたびに増える点です。")),
        "purchase": Threshold(N_("購入"), N_("購入のたびに増える点です。")),
        "answered": Threshold(N_("質問へのお返事"), N_("質問に答えるたびに増える点です。"), PYRAMID),
        "unanswered": Threshold(N_("答えなかった質問"), N_("下の時間内に答えないと減る点です。"), PYRAMID),
        "unanswered_hours": Threshold(
            N_("お返事を待つ時間"), N_("この時間（時間単位）をすぎると、答えなかったと数えます。")
        ),
        "complaint": Threshold(N_("苦情"), N_("苦情が記録されると減る点です。"), PYRAMID),
        "complaint_silence_days": Threshold(
            N_("苦情のあと販売を控える日数"),
            N_("点が残っていても、この日数は販売のご案内をしません。"),
            PYRAMID,
        ),
        "block": Threshold(N_("ブロック"), N_("ブロックされると減る点です。")),
        "highest": Threshold(
            N_("点の上限"), N_("これ以上はたまりません。苦情の重さが薄れないようにするためです。")
        ),
        "lowest": Threshold(N_("マイナスの下限"), N_("これより下にはなりません（マイナスを付けずに入力）。")),
        "recovery_days": Threshold(
            N_("1点もどるまでの日数"), N_("マイナスのとき、この日数ごとに1点もどります。"), PYRAMID
        ),
    },
    "control": {
        "percent": Threshold(
            N_("対照グループの割合（％）"),
            N_(
                "くじで選ばれたこの割合の友だちには、販売のご案内を送りません。配信の効果を比べるためです。0なら使いません。"
            ),
        ),
        "draw": Threshold(
            N_("くじの番号"), N_("番号を変えると、別の友だちが選ばれます。ふだんは変えません。")
        ),
    },
}
