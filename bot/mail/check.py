"""Can mail leave, and if not, what is to be done?"""

from bot.line.check import Finding
from bot.mail.wiring import Missing, mailer_of, missing
from bot.services import Services
from bot.wiring import secret_key
from scheduler import mail_settings
from scheduler.mail import MailVerdict

SUBJECT = "mail"
TODO = {
    Missing.SERVER_UNREADABLE: (
        "メールサーバーの指定を読めません。",
        "The address of the mail server cannot be read.",
        "KOKYAKU_SMTP_URL を smtps://ユーザー:パスワード@ホスト:465 のように設定してください。",
        "Set KOKYAKU_SMTP_URL like smtps://user:password@host:465.",
    ),
    Missing.SENDER: (
        "メールの差出人が設定されていません。",
        "No sender of mail is set.",
        "KOKYAKU_MAIL_FROM に差出人のメールアドレスを設定してください。",
        "Set KOKYAKU_MAIL_FROM to the address that mail comes from.",
    ),
    Missing.PUBLIC_URL: (
        "メールの配信停止ページを開けるアドレスがありません。",
        "There is no address at which friends could refuse further mail.",
        "KOKYAKU_PUBLIC_URL に https:// で始まるアドレスを設定してください。配信停止の手段がないメールは、法律により送れません。",
        "Set KOKYAKU_PUBLIC_URL to an address that begins with https://: the law forbids mail that cannot be refused.",
    ),
}


def check(services: Services) -> list[Finding]:
    """Look at settings, imprint and mail server; an empty list when the shop uses no mail."""
    lacking = missing(services.settings)
    if lacking is Missing.SERVER:
        return []
    if lacking is not None:
        return [Finding(SUBJECT, False, *TODO[lacking])]
    return [_server(services), _imprint(services)]


def _server(services: Services) -> Finding:
    mailer = mailer_of(services.settings, services.database, services.clock, secret_key(services.settings))
    assert mailer is not None, "nothing is missing"
    answer = mailer.knock()
    if answer.verdict is MailVerdict.TAKEN:
        return Finding(SUBJECT, True, "メールサーバーにつながります。", "The mail server lets us in.")
    why = " ".join(str(each) for each in (answer.status, answer.words) if each)
    return Finding(
        SUBJECT,
        False,
        f"メールサーバーにつながりません（{why}）。",
        f"The mail server does not let us in ({why}).",
        "KOKYAKU_SMTP_URL のホスト・ポート・ユーザー・パスワードを確かめてください。",
        "Check host, port, user and password in KOKYAKU_SMTP_URL.",
    )


def _imprint(services: Services) -> Finding:
    with services.database.reading() as session:
        settings = mail_settings.load(session)
    if settings.is_complete:
        return Finding(
            SUBJECT,
            True,
            f"メールの差出人：{settings.name}（{services.settings.mail_from}）",
            f"Mail comes from {settings.name} ({services.settings.mail_from})",
        )
    return Finding(
        SUBJECT,
        False,
        "メールに表示する送信者名・住所・問い合わせ先が設定されていません。メールは送られません。",
        "The sender's name, postal address and contact are not set: no mail leaves.",
        "kokyaku mail set --name 店名 --address 住所 --contact 電話番号 で設定してください。",
        "Set them: kokyaku mail set --name NAME --address ADDRESS --contact PHONE.",
    )
