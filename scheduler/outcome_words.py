"""What became of a message at LINE, in words: the codes that sending keeps where no rule of ours decided."""

OUTCOME_WORDS: dict[str, tuple[str, str]] = {
    "broadcast_cancelled": ("配信が取り消されました", "The broadcast was cancelled"),
    "refused": ("LINEに受け付けられませんでした", "LINE did not accept it"),
    "unknown_recipient": (
        "LINEがこの友だちを見つけられませんでした",
        "LINE knows nobody under the friend's LINE ID",
    ),
    "quota_exhausted": ("メッセージ通数を使い切りました", "The month’s messages are used up"),
    "token_invalid": ("LINEのアクセストークンが無効です", "The LINE access token is not valid"),
    "uncertain": ("LINEからの返事がありませんでした", "LINE did not answer"),
    "retry_key_expired": (
        "結果を確かめられる期限（24時間）が過ぎました",
        "The 24 hours in which LINE tells whether it got it were over",
    ),
    "crashed": ("送信の途中で止まりました", "Stopped while it was being sent"),
    "temporary": ("LINEに接続できませんでした", "LINE could not be reached"),
    "rate_limited": ("LINEが混み合っていました", "LINE was busy"),
    "reply_token_expired": ("無料で返信できる時間が過ぎていました", "The time for a free reply was over"),
    "failed": ("送信できませんでした", "It could not be sent"),
}
"""Each in Japanese and English; a test has every code that sending writes stand here or among the reasons."""
