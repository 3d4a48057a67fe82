"""What every action of the audit log is called; a test asks for the words of whatever the program notes."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from bot.i18n import N_

ACTIONS = {
    "account_changed": N_("アカウントの変更"),
    "analysis_asked": N_("分析の計算し直し"),
    "api_key_added": N_("APIキーの発行"),
    "api_key_revoked": N_("APIキーの無効化"),
    "apology_begun": N_("お詫びの開始"),
    "broadcast_approved": N_("一斉配信の承認"),
    "broadcast_cancelled": N_("一斉配信の取り消し"),
    "broadcast_copied": N_("一斉配信のコピー"),
    "broadcast_paused": N_("一斉配信の一時停止"),
    "broadcast_removed": N_("一斉配信の下書きの削除"),
    "broadcast_resumed": N_("一斉配信の再開"),
    "broadcast_returned": N_("一斉配信の差し戻し"),
    "broadcast_taken_back": N_("一斉配信を下書きに戻す"),
    "bundling_changed": N_("まとめて送る時間の変更"),
    "category_renamed": N_("カテゴリの名前の変更"),
    "chat_answered": N_("トークでのお返事"),
    "chat_assigned": N_("トークの担当の変更"),
    "chat_closed": N_("トークを対応済みに"),
    "chat_handed_back": N_("トークをボットに戻す"),
    "chat_settled": N_("送信結果の確認"),
    "chat_taken_over": N_("トークを引き継ぐ"),
    "complaint_recorded": N_("苦情の記録"),
    "complaint_withdrawn": N_("苦情の取り消し"),
    "friend_complaint_recorded": N_("友だちのページでの苦情の記録"),
    "friend_complaint_withdrawn": N_("友だちのページでの苦情の取り消し"),
    "connection_checked": N_("LINE連携の確認"),
    "coupon_changed": N_("クーポンの変更"),
    "coupon_given": N_("クーポンの一括付与"),
    "coupon_made": N_("クーポンの作成"),
    "coupon_redeemed": N_("クーポンの利用"),
    "coupon_resumed": N_("クーポンのお渡しの再開"),
    "coupon_stopped": N_("クーポンのお渡しの停止"),
    "enrolment_ended": N_("友だちのシナリオの終了"),
    "everything_exported": N_("全データの書き出し"),
    "everything_started": N_("すべての配信の再開"),
    "everything_stopped": N_("すべての配信の停止"),
    "export_downloaded": N_("書き出したデータのダウンロード"),
    "file_uploaded": N_("ファイルのアップロード"),
    "first_step_skipped": N_("はじめの一歩を飛ばす"),
    "first_step_unskipped": N_("はじめの一歩に戻す"),
    "friend_changed": N_("友だちの情報の変更"),
    "friend_erased": N_("友だちの情報の削除"),
    "friends_exported": N_("友だち一覧の書き出し"),
    "friends_merged": N_("友だちの統合"),
    "friends_tagged": N_("タグの一括追加"),
    "friends_untagged": N_("タグの一括削除"),
    "import_cancelled": N_("取り込みの中止"),
    "import_started": N_("取り込みの開始"),
    "inbound_dismissed": N_("保留中の通知を対応不要に"),
    "inbound_retried": N_("保留中の通知の再処理"),
    "inbox_hold_changed": N_("トークの引き継ぎ時間の変更"),
    "link_code_issued": N_("連携コードの発行"),
    "link_saved": N_("リンクの登録"),
    "logged_in": N_("ログイン"),
    "logged_out_everywhere": N_("すべての端末からログアウト"),
    "mail_changed": N_("メールの送信者情報の変更"),
    "message_archived": N_("メッセージをしまう"),
    "message_copied": N_("メッセージのコピー"),
    "message_restored": N_("メッセージを以前の版に戻す"),
    "message_reworded": N_("文面の変更"),
    "message_saved": N_("メッセージの保存"),
    "message_unarchived": N_("メッセージを一覧に戻す"),
    "note_added": N_("メモの追加"),
    "note_removed": N_("メモの削除"),
    "operator_added": N_("スタッフの追加"),
    "operator_disabled": N_("スタッフの利用停止"),
    "operator_enabled": N_("スタッフの利用再開"),
    "password_changed": N_("パスワードの変更"),
    "password_reset": N_("パスワードの再発行"),
    "picture_removed": N_("画像の削除"),
    "picture_uploaded": N_("画像のアップロード"),
    "plan_chosen": N_("料金プランの選択"),
    "plan_removed": N_("料金プランを元に戻す"),
    "plan_saved": N_("料金プランの変更"),
    "points_adjusted": N_("ポイントの調整"),
    "points_rule_changed": N_("ポイントの決まりの変更"),
    "policy_changed": N_("基準・決まりの変更"),
    "product_added": N_("商品の追加"),
    "product_changed": N_("商品の変更"),
    "product_off_sale": N_("商品の販売終了"),
    "product_on_sale": N_("商品の販売再開"),
    "question_answered": N_("質問への回答"),
    "review_decided": N_("ふりかえりで決めたことの記録"),
    "review_reopened": N_("ふりかえりの結果を書き直す"),
    "review_settled": N_("ふりかえりの結果の記録"),
    "rich_menu_picture": N_("リッチメニューの画像の変更"),
    "rich_menu_published": N_("リッチメニューの公開"),
    "rich_menu_removed": N_("リッチメニューの削除"),
    "rich_menu_saved": N_("リッチメニューの保存"),
    "rich_menu_taken_back": N_("リッチメニューの取り下げ"),
    "role_changed": N_("役割の変更"),
    "sale_recorded": N_("レジでの購入の記録"),
    "sale_undone": N_("レジでの購入の取り消し"),
    "saved_reply_removed": N_("定型文の削除"),
    "saved_reply_saved": N_("定型文の保存"),
    "scenario_changed": N_("シナリオの変更"),
    "scenario_copied": N_("シナリオのコピー"),
    "scenario_created": N_("シナリオの作成"),
    "scenario_deleted": N_("シナリオの削除"),
    "scenario_imported": N_("シナリオの読み込み"),
    "scenario_paused": N_("シナリオの停止"),
    "scenario_put_back": N_("シナリオを用意されたものに戻す"),
    "scenario_resumed": N_("シナリオの再開"),
    "segment_changed": N_("セグメントの変更"),
    "segment_created": N_("セグメントの作成"),
    "segment_deleted": N_("セグメントの削除"),
    "segment_exported": N_("セグメントの友だちの書き出し"),
    "segment_restored": N_("セグメントを以前の版に戻す"),
    "segment_unwatched": N_("セグメントの出入りの記録をやめる"),
    "segment_watched": N_("セグメントの出入りの記録を始める"),
    "sending_given_up": N_("保留した送信の取りやめ"),
    "sending_retried": N_("保留した送信の再試行"),
    "sessions_ended": N_("スタッフを全端末からログアウト"),
    "shop_changed": N_("お店の設定の変更"),
    "step_added": N_("ステップの追加"),
    "step_changed": N_("ステップの変更"),
    "step_moved": N_("ステップの移動"),
    "step_paused": N_("ステップの停止"),
    "step_removed": N_("ステップの削除"),
    "step_resumed": N_("ステップの再開"),
    "step_retimed": N_("ステップの時期の変更"),
    "tag_added": N_("タグの追加"),
    "tag_created": N_("タグの作成"),
    "tag_deleted": N_("タグの削除"),
    "tag_removed": N_("タグを外す"),
    "tag_renamed": N_("タグの名前の変更"),
    "tag_rule": N_("タグのルールの変更"),
    "tagging_stopped": N_("一括のタグ付けの中止"),
    "tagging_undone": N_("一括のタグ付けを元に戻す"),
    "target_dropped": N_("目標をやめる"),
    "target_set": N_("目標の設定"),
    "trust_adjusted": N_("信頼の調整"),
    "uncertain_arrived": N_("不明な配信を届いたことにする"),
    "uncertain_sent_again": N_("不明な配信の再送"),
    "webhook_set": N_("Webhookのアドレスの設定"),
}
"""By action, as `operators.note` is told it."""

UNNAMED = ("fields", "changes")
"""Details that need no name before them."""


def action_words(action: str) -> str:
    """Return what an action is called, in the language of this request; one without words as it is."""
    words = ACTIONS.get(action)
    return _(words) if words else action


def details_words(details: Mapping[str, Any]) -> str:
    """Return the details of an entry in one line."""
    return ", ".join(
        _plain(value) if name in UNNAMED else f"{name}: {_plain(value)}" for name, value in details.items()
    )


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType] — plain JSON
    return "–" if value is None else str(value)
