"""What refusals about friends, what they bought, their rewards and segments are called in front of people, by code."""

from bot.i18n import N_

ABOUT_FRIENDS = {
    "sale_empty": N_("商品か金額を入れてください。"),
    "sale_key_invalid": N_("画面を開き直して、もう一度お試しください。"),
    "sale_differs": N_(
        "この画面の会計は、別の内容ですでに記録済みです。下の「今日の記録」をご確認のうえ、画面を開き直してください。"
    ),
    "sale_too_old": N_("記録から%(minutes)s分を過ぎたため、ここでは取り消せません。"),
    "points_too_many": N_("この会計で使えるのは%(most)sポイントまでです。"),
    "coupon_of_another": N_("このクーポンは別の友だちのものです。"),
    "category_unknown": N_("このカテゴリは見つかりません。"),
    "category_invalid": N_("カテゴリの名前を1〜%(limit)s文字で入力してください。"),
    "coupon_stopped": N_("このクーポンはお渡しを止めています。"),
    "nobody_there": N_("当てはまる友だちがいません。"),
    "policy_unknown": N_("この基準は見つかりません。"),
    "policy_moved_on": N_("試している間に、ほかの人が基準を変えました。いまの基準でもう一度試してください。"),
    "trial_unknown": N_("この試算は見つかりません。古い試算は7日で消えます。"),
    "target_value": N_("目標は0より大きい数字で、割合は100%%までにしてください。"),
    "target_day": N_("期日は、明日から3年以内で選んでください。"),
    "friend_unknown": N_("友だちが見つかりません。"),
    "order_unknown": N_("注文番号「%(order_id)s」の購入は見つかりません。"),
    "order_differs": N_("同じ注文番号で内容の違う購入が、すでに登録されています。"),
    "refund_too_large": N_("返金額 %(given)s円は、残りの %(remaining)s円を超えています。"),
    "refund_not_positive": N_("返金額は1円以上にしてください。"),
    "stage_missing": N_("顧客ステージを1つ以上選んでください。"),
    "tag_missing": N_("タグを選んでください。"),
    "segment_missing": N_("セグメントを選んでください。"),
    "segment_unknown": N_("このセグメントは見つかりません。"),
    "trust_points_invalid": N_("点数は、0以外の%(limit)s点までの整数にしてください。"),
    "trust_why_invalid": N_("理由を%(limit)s文字以内で入力してください。"),
    "condition_invalid": N_("配信先の条件に誤りがあります。"),
    "nobody_found": N_("ファイルの友だちは、誰も見つかりませんでした。"),
    "member_number_missing": N_("会員番号を入力してください。"),
    "link_code_validity": N_("連携コードの有効期間は30分から24時間までです。"),
    "link_already_linked": N_("この友だちには、すでに別の会員番号がつながっています。"),
    "link_number_taken": N_("この会員番号は、すでに別のLINEにつながっています。"),
    "link_not_linked": N_("会員番号はつながっていません。"),
    "link_code_wrong": N_("連携コードが違います。"),
    "link_code_used": N_("この連携コードはすでに使われています。"),
    "link_code_expired": N_("この連携コードは期限が切れています。"),
    "link_too_many_tries": N_("連携コードの間違いが続きました。しばらくしてからお試しください。"),
    "referral_unknown": N_("この紹介コードは見つかりません。"),
    "referral_self": N_("ご自身の紹介コードは使えません。"),
    "referral_already": N_("紹介コードはすでに入力されています。"),
    "referral_not_new": N_("紹介コードは、友だち追加から%(days)s日以内にお使いいただけます。"),
    "coupon_terms_invalid": N_("クーポンの内容に誤りがあります（%(field)s）。"),
    "coupon_unknown": N_("このクーポンは見つかりません。"),
    "coupon_redeemed": N_("このクーポンはすでに使われています。"),
    "coupon_expired": N_("このクーポンは期限が切れています。"),
    "condition_version_unknown": N_("この条件は、新しい版で作られています。"),
    "condition_too_deep": N_("条件の入れ子は%(deepest)s段までです。"),
    "condition_unknown": N_("条件「%(kind)s」は使えません。"),
    "condition_too_large": N_("条件は全部で%(most)s個までです。"),
    "condition_too_many_names": N_("条件に並べられるのは、全部で%(most)s件までです。"),
    "condition_broke": N_(
        "この条件は、データベースで調べられませんでした。条件を分けるか、短くしてください。"
    ),
    "condition_segment_circle": N_("セグメントどうしが互いを条件にしています（%(names)s）。"),
    "condition_tag_missing": N_("条件のタグが見つかりません（%(missing)s）。条件を直してください。"),
    "condition_product_missing": N_("条件の商品が見つかりません（%(missing)s）。条件を直してください。"),
    "condition_category_missing": N_(
        "条件のカテゴリーが見つかりません（%(missing)s）。条件を直してください。"
    ),
    "condition_coupon_missing": N_("条件のクーポンが見つかりません（%(missing)s）。条件を直してください。"),
    "condition_link_missing": N_("条件のリンクが見つかりません（%(missing)s）。条件を直してください。"),
    "condition_audience_missing": N_(
        "条件の配信先リストが見つかりません（%(missing)s）。条件を直してください。"
    ),
    "condition_segment_missing": N_(
        "条件のセグメントが見つかりません（%(missing)s）。条件を直してください。"
    ),
    "segment_name_taken": N_("セグメント「%(name)s」はすでにあります。"),
    "segment_changed": N_(
        "開いている間に、ほかの人がこのセグメントを変えました。開き直して、いまの内容をご確認ください。"
    ),
    "segment_used": N_("このセグメントは使われているため、削除できません（%(names)s）。"),
    "condition_not_json": N_("条件をJSONとして読めません。"),
    "policy_invalid": N_("方針の値に誤りがあります（%(field)s）。"),
    "tag_invalid": N_("タグ「%(name)s」は使えません。1〜64文字にしてください。"),
    "tag_name_taken": N_("タグ「%(name)s」はすでにあります。"),
    "tag_used": N_("このタグは使われているため、削除できません（%(names)s）。"),
    "tag_unknown": N_("タグ「%(name)s」は見つかりません。"),
    "tag_not_there": N_("この友だちにタグ「%(name)s」は付いていません。"),
    "tag_kept_by_rule": N_(
        "タグ「%(tag)s」は、セグメント「%(segment)s」のルールで付いています。外すには、ルールを変えてください。"
    ),
    "tag_rule_circular": N_("タグ「%(tag)s」のルールが、このタグ自身を条件にしています（%(path)s）。"),
    "segment_has_tag": N_("セグメント「%(segment)s」は、すでにタグ「%(tag)s」のルールです。"),
    "ladder_unknown": N_("「%(ladder)s」という段階はありません。"),
    "question_unknown": N_("この質問は見つかりません。"),
    "survey_question_invalid": N_("質問は1〜%(limit)s文字の1行にしてください。"),
    "survey_answer_invalid": N_("回答は1〜%(limit)s文字にしてください。"),
    "moment_impossible": N_("日時「%(given)s」は、未来か古すぎるため記録できません。"),
    "complaint_unknown": N_("この苦情の記録は見つかりません。"),
    "points_insufficient": N_("ポイントが足りません（残高 %(balance)s、必要 %(asked)s）。"),
    "points_invalid": N_("ポイントは0以外の整数で、%(limit)sまでにしてください。"),
    "points_cause_invalid": N_("ポイントの理由は1〜%(limit)s文字の1行にしてください。"),
    "points_cause_used": N_("この理由では、すでに %(stored)sポイントが記録されています。"),
    "link_name_invalid": N_("リンクの名前は1〜%(limit)s文字で、引用符や波かっこを含めないでください。"),
    "link_url_invalid": N_("リンク先は http:// または https:// で始まるアドレスにしてください。"),
    "link_url_differs": N_(
        "リンク「%(name)s」の行き先は、すでに %(stored)s です。変える場合は --change を付けてください。"
    ),
    "link_unknown": N_("このリンクは見つかりません。"),
    "link_name_unknown": N_("リンク「%(name)s」は見つかりません。"),
    "nobody_chosen": N_("当てはまる友だちがいません。"),
    "nobody_ticked": N_("友だちを1人以上選んでください。"),
    "choice_changed": N_("絞り込みに使ったタグやセグメントが変わりました。もう一度絞り込んでください。"),
    "tagging_over": N_("すでに終わっています。"),
    "tagging_running": N_("まだ実行中です。終わってから元に戻してください。"),
    "tagging_undone": N_("すでに元に戻しています。"),
    "tagging_too_old": N_("%(days)s日を過ぎたため、元に戻せません。"),
    "tagging_unknown": N_("このタグ付けは見つかりません。"),
    "note_missing": N_("メモを入力してください。"),
    "note_too_long": N_("メモは%(limit)s文字以内で入力してください（現在%(length)s文字）。"),
    "birthday_invalid": N_("誕生日を正しく入力してください。"),
    "friend_changed": N_(
        "開いている間に、この友だちの登録内容が変わりました。別の画面でいまの内容を確かめてください。この内容で上書きしてよければ、もう一度保存してください。"
    ),
    "timezone_unknown": N_(
        "「%(given)s」というタイムゾーンはありません。Asia/Tokyo のような名前で指定してください。"
    ),
    "fields_too_many": N_("項目は%(limit)s個までです。"),
    "field_too_long": N_("「%(name)s」は%(limit)s文字以内で入力してください。"),
    "merge_same": N_("同じ登録同士はまとめられません。"),
    "merge_on_line": N_("どちらもLINEとつながっているため、まとめられません。"),
    "merge_numbers": N_(
        "会員番号が%(one)sと%(other)sで違うため、まとめられません。先に片方の番号を外してください。"
    ),
    "erase_name_differs": N_("名前が違います。画面のとおりに入力してください。"),
    "erase_while_sending": N_(
        "この友だちへのメッセージを送信しています。1分ほどしてから、もう一度お試しください。"
    ),
    "erase_while_importing": N_("ファイルを取り込み中です。終わってから、もう一度お試しください。"),
}
