"""What each refusal is called in front of people, by its code; those of sending and of friends stand in files of their own."""

from bot.i18n import N_
from bot.refusal_words_friends import ABOUT_FRIENDS
from bot.refusal_words_sending import ABOUT_SENDING

_ABOUT_THE_REST = {
    "password_short": N_("パスワードは%(minimum)s文字以上にしてください。"),
    "password_long": N_("パスワードは%(maximum)s文字以下にしてください。"),
    "password_common": N_("推測されやすいパスワードです。別のものにしてください。"),
    "password_login": N_("パスワードにログイン名を含めないでください。"),
    "password_wrong": N_("現在のパスワードが違います。"),
    "password_same": N_("現在と同じパスワードは使えません。"),
    "login_malformed": N_("ログイン名は半角の英小文字と数字（2〜64文字）にしてください。"),
    "login_taken": N_("ログイン名「%(login)s」はすでに使われています。"),
    "operator_unknown": N_("運用担当者が見つかりません。"),
    "name_missing": N_("名前を入力してください。"),
    "upload_unknown": N_("このファイルは見つかりません。"),
    "upload_gone": N_("このファイルの中身は残っていません。もう一度ファイルを選んでください。"),
    "upload_busy": N_("このファイルはすでに処理中です。"),
    "period_backwards": N_("期間の終わりが始まりより前になっています。"),
    "period_outside": N_("期間を正しく入力してください。"),
    "period_unknown": N_("期間を正しく入力してください。"),
    "api_key_unknown": N_("APIキーが見つかりません。"),
    "api_key_name_taken": N_(
        "「%(name)s」という名前の有効なキーがすでにあります。別の名前にするか、先にそちらを無効にしてください。"
    ),
    "last_owner": N_(
        "最後のオーナーのため、役割の変更や利用の停止はできません。先に、ほかの人をオーナーにしてください。"
    ),
    "picture_missing": N_("画像を選んでください。"),
    "picture_too_big": N_(
        "画像のファイルが大きすぎます（%(size)sMB）。%(limit)sMBまでの画像を選んでください。"
    ),
    "picture_type": N_("画像として読めませんでした。JPEGかPNGの画像を選んでください。"),
    "picture_broken": N_("画像のファイルが壊れているか、途中で切れています。別の画像を選んでください。"),
    "picture_too_many_pixels": N_(
        "画像が細かすぎます。縦と横の画素をかけて%(limit)s百万までの画像を選んでください。"
    ),
    "picture_unknown": N_("この画像は見つかりません。別の画像を選んでください。"),
    "picture_in_use": N_(
        "「%(name)s」は使われているため、削除できません。先に、使っているところから外してください。"
    ),
    "picture_unreachable": N_(
        "友だちのスマートフォンから、この画像を開けません。.env の KOKYAKU_PUBLIC_URL に、https:// で始まる公開アドレスを書いて、起動し直してください。"
    ),
    "version_unknown": N_("この版は見つかりません。"),
    "settings_changed": N_(
        "開いている間に、ほかの人がこの設定を変えました。別の画面でいまの設定を確かめてください。この内容で上書きしてよければ、もう一度保存してください。"
    ),
    "not_a_table": N_("CSVファイルとして読めませんでした。UTF-8またはShift_JISのCSVを選んでください。"),
    "column_missing": N_("「会員番号」または「LINEユーザーID」という見出しの列が必要です。"),
    "file_missing": N_("CSVファイルを選んでください。"),
    "file_too_long": N_("一度に指定できるのは%(limit)s人までです。ファイルを分けてください。"),
    "name_too_long": N_("名前は%(limit)s文字以内で入力してください。"),
    "name_invalid": N_("名前に、改行などの使えない文字が入っています。"),
    "backup_exists": N_("%(path)s はすでにあります。別の名前を指定してください。"),
    "backup_unreadable": N_("%(path)s は、固客のデータベースのコピーとして読めません。"),
    "backup_newer": N_(
        "%(path)s は新しいバージョンの固客で作られています。固客を更新してから復元してください。"
    ),
    "backup_in_use": N_("固客が動いています。止めてから復元してください。"),
    "file_empty": N_("ファイルに友だちが1人も入っていません。"),
    "file_blank": N_("ファイルが空です。"),
    "api_key_invalid": N_("有効なAPIキーが必要です。"),
    "not_json": N_("本文をJSON（application/json）で送ってください。"),
    "fields_invalid": N_("項目に誤りがあります。"),
    "bad_request": N_("リクエストを理解できませんでした。"),
    "not_found": N_("見つかりません。"),
    "method_not_allowed": N_("このアドレスでは使えないメソッドです。"),
    "body_too_large": N_("本文が大きすぎます。"),
    "internal_error": N_("内部でエラーが発生しました。時間をおいてお試しください。"),
    "shop_invalid": N_("お店の設定に誤りがあります（%(field)s）。"),
    "not_a_text_file": N_("文字のファイルとして読めませんでした。UTF-8のJSONを選んでください。"),
    "text_invalid": N_("使えない文字が入っています。"),
    "export_running": N_("すでに書き出しています。"),
    "export_over": N_("書き出しはもう終わっています。"),
    "export_unknown": N_("この書き出しは見つかりません。"),
}

ERRORS = _ABOUT_THE_REST | ABOUT_FRIENDS | ABOUT_SENDING
