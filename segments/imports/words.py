"""Says in the operator's language why a line, or a whole file, was not taken."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

_WORDS: dict[str, tuple[str, str]] = {
    # The whole file
    "file_missing": ("ファイル「{path}」が見つかりません。", "The file {path} does not exist."),
    "csv_empty": ("ファイルが空です。1行目に列名、2行目からデータを入れてください。", "The file is empty. Put column names on line 1 and data from line 2 on."),
    "upload_unknown": ("このファイルは見つかりません。", "This file was not found."),
    "upload_gone": ("このファイルの中身は残っていません。もう一度ファイルを選んでください。", "The contents of this file are gone. Please choose it again."),
    "upload_busy": ("このファイルはすでに処理中です。", "This file is being worked on already."),
    "spreadsheet_file": ("Excelのファイルはそのままでは読めません。Excelで「名前を付けて保存」から「CSV UTF-8（コンマ区切り）」を選んで保存し直してください。", "An Excel file cannot be read as it is. In Excel choose Save As and CSV UTF-8 (Comma delimited)."),
    "header_unreadable": ("1行目（列名）の引用符（\"）が正しく閉じられていません。", "The quotes on line 1 (the column names) are broken."),
    "nul_byte": ("{position}バイト目にNUL文字があります。CSVではないファイルか、壊れたファイルのようです。", "There is a NUL byte at byte {position}: this is no CSV file, or a damaged one."),
    "encoding_unknown": ("文字コード「{encoding}」は使えません。utf-8 または cp932（Shift_JIS）を指定してください。", "{encoding} is no known encoding. Use utf-8 or cp932 (Shift_JIS)."),
    "encoding_wrong": ("{position}バイト目を{encoding}として読めません。{advice}", "Byte {position} cannot be read as {encoding}. {advice}"),
    "columns_missing": ("必要な列がありません: {missing}。ファイルにある列: {found}。列名が違う場合は --mapping \"列名=項目\" で指定できます。", "Columns are missing: {missing}. The file has: {found}. Name others with --mapping \"column=field\"."),
    "column_twice": ("「{first}」列と「{second}」列は、どちらも {field} と読めます。--mapping でどちらかを指定してください。", "The columns {first} and {second} both read as {field}. Choose one with --mapping."),
    "mapping_column_unknown": ("--mapping で指定された「{column}」列がファイルにありません。ファイルにある列: {found}。", "--mapping names a column {column} that the file does not have. The file has: {found}."),
    "mapping_field_unknown": ("--mapping で指定された項目「{field}」はありません。使える項目: {known}。", "--mapping names an unknown field {field}. Known fields: {known}."),
    "source_too_long": ("--source は{limit}文字までにしてください。", "--source takes at most {limit} characters."),
    # The shape of a line
    "quotes_broken": ("引用符（\"）が正しく閉じられていません。", "The quotes are broken."),
    "too_many_cells": ("列名より項目の数が多い行です。金額のカンマなどを引用符（\"）で囲んでください。", "The line has more cells than there are columns. Put quotes around cells with commas."),
    "value_missing": ("{column}が空です。", "{column} is empty."),
    "too_long": ("{column}が長すぎます（{length}文字。{limit}文字まで）。", "{column} is too long ({length} characters; at most {limit})."),
    "key_repeated": ("{other_line}行目と同じものを指していますが、内容が違います。", "It speaks of the same one as line {other_line} but says something else."),
    "database_refused": ("データベースに保存できませんでした。値を確かめてください。", "The database refused it. Check its values."),
    # Cells
    "date_unreadable": ("{column}「{given}」は日付として読めません。2026-11-21 や 令和8年11月21日 のように書いてください。", "{column} {given} is no date. Write it like 2026-11-21."),
    "date_ambiguous": ("{column}「{given}」はどの年月日か決められません。2026-11-21 のように年を4桁で先に書いてください。", "{column} {given} could mean several days. Write it like 2026-11-21."),
    "date_impossible": ("{column}「{given}」は存在しない日時です。", "{column} {given} does not exist in the calendar."),
    "date_outside_era": ("{column}「{given}」は、その元号にない日付です。", "{column} {given} lies outside of its era."),
    "date_no_such_time": ("{column}「{given}」は、夏時間の切り替えで存在しない時刻です。", "{column} {given} was skipped by a change of the clocks."),
    "date_in_future": ("{column}「{given}」は未来の日付です。", "{column} {given} lies in the future."),
    "date_without_zone": ("日時「{given}」に時間帯がありません。", "{given} has no time zone."),
    "birthday_impossible": ("{column}「{given}」は生年月日としてありえない日付です。", "{column} {given} cannot be a birthday."),
    "amount_unreadable": ("{column}「{given}」は金額として読めません。", "{column} {given} is no amount."),
    "amount_negative": ("金額「{given}」がマイナスです。返品は返金の列に書いてください。", "The amount {given} is negative. Put refunds into the refunded column."),
    "amount_decimal": ("{column}「{given}」に1円未満の端数があります。四捨五入する場合は --currency-decimals round を付けてください。", "{column} {given} has a fraction. Use --currency-decimals round or --amount-factor."),
    "amount_too_large": ("金額「{given}」が大きすぎます（{limit}円まで）。", "The amount {given} is too large (at most {limit})."),
    "quantity_unreadable": ("{column}「{given}」は数量として読めません。", "{column} {given} is no quantity."),
    "quantity_out_of_range": ("数量「{given}」は1以上にしてください。", "The quantity {given} must be at least 1."),
    "points_unreadable": ("{column}「{given}」はポイントとして読めません。0以上の整数で書いてください。", "{column} {given} is no number of points."),
    "points_out_of_range": ("{column}「{given}」が大きすぎます（{limit}ポイントまで）。", "{column} {given} is too large (at most {limit})."),
    "yes_no_unreadable": ("{column}「{given}」は「はい」か「いいえ」で書いてください。", "{column} {given} must be yes or no."),
    "number_out_of_range": ("{column}「{given}」は1から{limit}までの整数で書いてください。登録を消す場合は「なし」と書いてください。", "{column} {given} must be a whole number from 1 to {limit}, or none."),
    "kind_unknown": ("{column}「{given}」は、通常・お試し・プレミアムのどれかにしてください。", "{column} {given} must be regular, trial or premium."),
    "address_unreadable": ("{column}「{given}」は https:// で始まるURLにしてください。", "{column} {given} must be a URL starting with https://."),
    "line_user_id_malformed": ("{column}「{given}」はLINEユーザーID（Uと半角英数字32文字）ではありません。", "{column} {given} is no LINE user id (U and 32 hexadecimal digits)."),
    "email_unreadable": ("{column}「{given}」はメールアドレスとして読めません。", "{column} {given} is no e-mail address."),
    "language_unknown": ("{column}「{given}」は言語として読めません。ja や en のように書いてください。", "{column} {given} is no language. Write ja or en."),
    "timezone_unknown": ("{column}「{given}」というタイムゾーンはありません。Asia/Tokyo や America/New_York のように書いてください。", "{column} {given} is no time zone. Write it like Asia/Tokyo or America/New_York."),
    # Orders
    "order_id_missing": ("注文番号が空です。", "The order id is empty."),
    "order_id_too_long": ("注文番号が長すぎます（{length}文字。{limit}文字まで）。", "The order id is too long ({length} characters; at most {limit})."),
    "member_number_too_long": ("会員番号が長すぎます（{length}文字。{limit}文字まで）。", "The member number is too long ({length} characters; at most {limit})."),
    "owner_missing": ("会員番号もLINEユーザーIDもありません。", "There is neither a member number nor a LINE user id."),
    "owner_contradicts": ("会員番号「{member_number}」とLINEユーザーID「{line_user_id}」が別の友だちを指しています。", "The member number {member_number} and the LINE user id {line_user_id} name different friends."),
    "friend_unknown": ("LINEユーザーID「{line_user_id}」の友だちが見つかりません。", "No friend has the LINE user id {line_user_id}."),
    "product_unknown": ("商品コード「{product_code}」の商品が登録されていません。先に商品を取り込むか、--create-products を付けてください。", "The product {product_code} is unknown. Import products first, or use --create-products."),
    "product_incomplete": ("新しい商品「{product_code}」には商品名と価格が必要です。", "The new product {product_code} needs a name and a price."),
    "upgrade_unknown": ("商品「{product_code}」の上位版の元商品「{upgrade_of}」が登録されていません。先にその商品を取り込んでください。", "The product {upgrade_of}, of which {product_code} is to be the better version, is unknown. Import it first."),
    "upgrade_circle": ("商品「{product_code}」は、たどると自分自身の上位版になってしまいます（元商品「{upgrade_of}」）。", "{product_code} would become a better version of itself, by way of {upgrade_of}."),
    "bought_in_future": ("購入日時「{given}」が未来です。", "The purchase date {given} lies in the future."),
    "refund_too_large": ("返金額 {given}円が、残りの {remaining}円を超えています。", "The refund {given} exceeds the remaining {remaining}."),
    "order_lines_differ": ("同じ注文の{other_line}行目と{column}が違います。", "{column} differs from line {other_line} of the same order."),
    "order_has_refused_line": ("同じ注文の{other_line}行目を取り込めないため、この注文全体を取り込みませんでした。", "Line {other_line} of the same order was refused, so the whole order was."),
    "order_differs": ("注文番号「{order_id}」は別の内容で登録済みです。登録済み: {stored}。このファイル: {given}。", "The order {order_id} is stored with other content. Stored: {stored}. Given: {given}."),
    # Friends
    "member_number_differs": ("この友だちには別の会員番号「{stored}」が登録されています（このファイル:「{given}」）。", "This friend has another member number, {stored} (given: {given})."),
    "member_number_taken": ("会員番号「{member_number}」は別の友だちに登録されています。", "The member number {member_number} belongs to another friend."),
}  # fmt: skip

_ADVICE = {
    "": ("ファイルの途中に壊れた文字があるか、別の文字コードです。UTF-8で保存し直してください。", "Some of its text is damaged, or it is in another encoding. Save it again as UTF-8."),
    "utf-8-sig": ("--encoding utf-8 を指定してください。", "Use --encoding utf-8."),
    "cp932": ("--encoding cp932 を指定してください。", "Use --encoding cp932."),
    "utf-16": ("UTF-16のファイルのようです。UTF-8で保存し直すか、--encoding utf-16 を指定してください。", "It looks like UTF-16. Save it as UTF-8, or use --encoding utf-16."),
}  # fmt: skip

_UNKNOWN = ("取り込めませんでした（{code}）。", "It was refused ({code}).")
_TOKYO = ZoneInfo("Asia/Tokyo")


def knows(code: str) -> bool:
    """Tell whether there are words for a code."""
    return code in _WORDS


def reason_words(code: str, params: Mapping[str, Any], language: str, zone: ZoneInfo = _TOKYO) -> str:
    """Return the reason in words of `language` (`ja`, else English); dates are shown in the shop's zone."""
    which = 0 if language == "ja" else 1
    advice = _ADVICE.get(str(params.get("suggestion", "")), _ADVICE[""])[which]
    shown = {name: _shown(value, which, zone) for name, value in params.items()}
    try:
        return _WORDS[code][which].format_map({"advice": advice, "column": "", **shown})
    except KeyError:
        return _UNKNOWN[which].format(code=code)


def _shown(value: Any, which: int, zone: ZoneInfo) -> Any:
    match value:
        case dict():
            return _order(cast("dict[str, Any]", value), which, zone)
        case list():
            return "、".join(_either(each, which) for each in cast("list[Any]", value))
        case str():
            return _date(value, zone)
        case None:
            return "-"
        case _:
            return value


def _either(value: Any, which: int) -> str:
    if isinstance(value, list):
        return (" または ", " or ")[which].join(cast("list[str]", value))
    return str(value)


def _order(order: Mapping[str, Any], which: int, zone: ZoneInfo) -> str:
    items = "、".join(f"{code}×{quantity}" for code, quantity in order["items"]) or "-"
    parts = (_date(order["bought_at"], zone), f"{order['amount_yen']:,}{('円', ' yen')[which]}", items)
    return " ".join((*parts, str(order["member_number"] or "")) if order["member_number"] else parts)


def _date(text: str, zone: ZoneInfo) -> str:
    # Only what we wrote ourselves, in UTC, is turned; what an operator wrote is shown as written.
    if len(text) < 20 or not text.endswith("+00:00"):
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
