"""The words of the phone page in Japanese and English."""

from collections.abc import Mapping

_WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("LINEシミュレーター", "LINE simulator"),
    "lead": (
        "LINEにはつながっていません。ここにいるのは見本の友だちです。",
        "Not connected to LINE. Everyone here is made up.",
    ),
    "friends": ("友だち", "Friends"),
    "nobody": ("まだ誰もいません。友だちを追加してください。", "Nobody here yet. Add a friend."),
    "add_friend": ("友だちを追加", "Add a friend"),
    "name": ("名前", "Name"),
    "name_hint": ("空欄なら自動", "made up if empty"),
    "open_link": ("リンクを開く", "Open a link"),
    "link": ("LINEのリンク", "LINE link"),
    "who": ("開く人", "Opened by"),
    "new_person": ("新しい人", "A new person"),
    "open": ("開く", "Open"),
    "friend": ("友だち", "friend"),
    "blocked": ("ブロック中", "blocked"),
    "stranger": ("未追加", "not added"),
    "follow": ("追加", "Add"),
    "unblock": ("ブロック解除", "Unblock"),
    "block": ("ブロック", "Block"),
    "back": ("一覧へ", "Back"),
    "write": ("メッセージを入力", "Message"),
    "send": ("送信", "Send"),
    "sticker": ("スタンプ", "Sticker"),
    "picture": ("画像を送る", "Send a picture"),
    "unsend": ("送信取消", "Unsend"),
    "unsent": ("メッセージの送信を取り消しました", "You unsent a message"),
    "menu": ("メニュー", "Menu"),
    "coupon": ("クーポン", "Coupon"),
    "video": ("動画", "Video"),
    "audio": ("音声", "Audio"),
    "location": ("位置情報", "Location"),
    "copied": ("コピーしました", "Copied"),
    "ignored": ("このリンクはシミュレーターでは開きません", "The simulator does not open this link"),
    "pick": ("日時を選ぶ", "Pick a date or time"),
    "ok": ("決定", "OK"),
    "cancel": ("やめる", "Cancel"),
    "offline": ("シミュレーターに接続できません", "The simulator does not answer"),
    "linked": (
        "アカウント連携が終わりました。この画面を閉じてください。",
        "Accounts linked. You can close this page.",
    ),
    "link_failed": (
        "連携の期限が切れています。トークからやり直してください。",
        "The link has expired. Start again.",
    ),
    "other_language": ("English", "日本語"),
}


def words(language: str) -> dict[str, str]:
    """All words in ja or en."""
    index = 1 if language == "en" else 0
    return {name: pair[index] for name, pair in _WORDS.items()}
