"""What refusals about messages, broadcasts, scenarios, menus and answers are called in front of people, by code."""

from bot.i18n import N_

ABOUT_SENDING = {
    "decision_missing": N_("決めたことを入力してください。"),
    "decision_too_long": N_("%(limit)s文字以内で入力してください。"),
    "decision_day": N_("確かめる日は、今日から1年ほどの間で選んでください。"),
    "decision_settled": N_("この結果は、すでに別の人が書き込みました。"),
    "decision_unknown": N_("この記録は見つかりません。"),
    "outcome_missing": N_("どうなったかを入力してください。"),
    "broadcast_unknown": N_("この配信は見つかりません。"),
    "audience_missing": N_("配信先を選んでください。"),
    "audience_unknown": N_("配信先のリストが見つかりません。ファイルを選び直してください。"),
    "time_malformed": N_("日時を正しく入力してください。"),
    "time_passed": N_("過去の日時です。これからの日時を選んでください。"),
    "expires_before_start": N_("有効期限が配信の日時より前になっています。"),
    "message_missing": N_("本文を入力してください。"),
    "message_invalid": N_("メッセージに直すところがあります。"),
    "ready_missing": N_("用意されたメッセージを選んでください。"),
    "broadcast_state": N_("配信の状態が変わったため、この操作はできませんでした。"),
    "stopped_already": N_("すでにすべての配信が止まっています。"),
    "not_stopped": N_("配信は止まっていません。"),
    "reason_too_long": N_("理由は%(limit)s文字以内で入力してください。"),
    "holdout_invalid": N_("対照グループは0%%から%(limit)s%%までにしてください。"),
    "apology_why_missing": N_("何があったのかを%(limit)s文字以内で入力してください。"),
    "per_minute_invalid": N_("1分あたりの人数は1人以上にしてください。"),
    "over_budget": N_(
        "今月の配信予算に達しているため、送信できません。予算を増やすか、翌月までお待ちください。"
    ),
    "plan_full": N_("今月のメッセージ通数の上限に達しているため、送信できません。"),
    "own_approval": N_("ご自身が作成・依頼した配信は承認できません。別の運用担当者に依頼してください。"),
    "approval_outdated": N_("確認中に内容または送信先が変わりました。もう一度確かめてから承認してください。"),
    "approver_missing": N_(
        "承認には、配信できる運用担当者（オーナーまたは運用担当者）が2人以上必要です。先に運用担当者を追加してください。"
    ),
    "approver_refused": N_(
        "ログイン名かパスワードが違うか、配信を承認できない運用担当者です。しばらくしてからお試しください。"
    ),
    "plan_invalid": N_("プランの「%(field)s」に誤りがあります。"),
    "plan_in_use": N_("ご利用中のプランは削除できません。先に別のプランを選んでください。"),
    "event_not_parked": N_("この通知はすでに処理されています。"),
    "uncertain_which": N_(
        "配信の番号か --all のどちらかを指定してください。--broadcast は --all と使います。"
    ),
    "uncertain_decided": N_("この配信は、すでに判断されています。何も変更していません。"),
    "uncertain_by_mail": N_(
        "メールで送ったものは、もう一度送れません。必要なときは、別の方法で友だちに連絡してください。"
    ),
    "uncertain_too_old": N_("送ってから30日以上たっているため、もう一度送れません。"),
    "uncertain_campaign_over": N_(
        "元の配信が取り消されたか、ステップが削除されているため、もう一度送れません。"
    ),
    "chunk_not_parked": N_("この送信は、もう保留されていません。"),
    "trigger_invalid": N_("シナリオのきっかけ「%(given)s」は使えません。"),
    "scenario_unknown": N_("このシナリオは見つかりません。"),
    "enrolment_unknown": N_("この友だちは、すでにシナリオの途中ではありません。"),
    "message_unknown": N_("このメッセージは見つかりません。"),
    "plan_unknown": N_("この料金プランはありません。"),
    "step_unknown": N_("このステップは見つかりません。"),
    "scenario_changed": N_(
        "開いている間に、ほかの人がこのシナリオを変えました。開き直して、いまの内容をご確認ください。"
    ),
    "scenario_file_invalid": N_("シナリオのファイルに直すところがあります。"),
    "scenario_settings_invalid": N_("シナリオの設定に誤りがあります（%(at)s）。"),
    "scenario_too_long": N_("1つのシナリオのステップは%(most)s個までです。"),
    "scenario_too_deep": N_("分かれ道の中の分かれ道は%(deepest)s段までです。"),
    "step_settings_invalid": N_("ステップの設定に誤りがあります（%(at)s）。"),
    "step_effects_invalid": N_("ステップですることに誤りがあります（%(at)s）。"),
    "step_message_missing": N_("送るメッセージを選んでください。"),
    "step_kind_fixed": N_("ステップの種類は変えられません。新しいステップを追加してください。"),
    "step_inside_itself": N_("ステップを、そのステップ自身の中へは移せません。"),
    "step_of_other_scenario": N_("このステップは、ほかのシナリオのものです。"),
    "arm_unknown": N_("「%(arm)s」という分かれ道はありません。"),
    "goal_invalid": N_("目標には、できごとか条件を選んでください。"),
    "reentry_invalid": N_("もう一度始めるまでの日数は、1日から%(days)s日までにしてください。"),
    "delay_invalid": N_("送るまでの間は%(days)s日までにしてください。"),
    "valid_for_invalid": N_("有効期間は%(days)s日までにしてください。"),
    "rides_for_invalid": N_("返信を待つ時間は、0より長く%(days)s日までにしてください。"),
    "step_without_message": N_("このステップにはメッセージがないため、返信を待てません。"),
    "bundling_window_invalid": N_("まとめて送るために待つ時間は%(minutes)s分までにしてください。"),
    "message_changed": N_(
        "開いている間に、ほかの人が文面を変えました。別の画面で開き直して、いまの文面をご確認ください。"
    ),
    "message_not_renderable": N_("見本の友だちでは文面を作れませんでした: %(reason)s"),
    "line_refused": N_("LINEに受け付けられない内容です: %(details)s"),
    "answer_not_free": N_(
        "無料で返信できる時間が過ぎました。まだ送信していません。もう一度「送信」を押すと、今月の通数を1通使って送ります。"
    ),
    "answered_meanwhile": N_(
        "この画面を開いたあとに、お返事が送られています。まだ送信していません。上の会話を確かめてから、必要ならもう一度「送信」を押してください。"
    ),
    "reply_failed": N_(
        "無料の返信がLINEに受け付けられませんでした。友だちには届いていません。もう一度「送信」を押すと、今月の通数を1通使って送ります。"
    ),
    "held_for_invalid": N_("%(least)s分から%(most)s分までの数字で入力してください。"),
    "saved_reply_unknown": N_("この定型文は見つかりません。削除された可能性があります。"),
    "saved_reply_taken": N_("「%(name)s」という名前の定型文は、すでにあります。"),
    "saved_replies_full": N_("定型文は%(limit)s件までです。使わないものを削除してください。"),
    "menu_unknown": N_("このメニューは見つかりません。削除された可能性があります。"),
    "menu_not_shown": N_("このメニューは、いま公開されていません。"),
    "menu_in_use": N_("「%(name)s」は公開中です。公開をやめてから削除してください。"),
    "menu_target_unknown": N_("表示する友だちの選び方が見つかりません。選び直してください。"),
    "menu_bar_bad": N_("メニューバーの文字を%(limit)s文字以内で入力してください。"),
    "menu_layout_unknown": N_("一覧から選んでください。"),
    "menu_label_missing": N_("ラベルを入力してください。"),
    "menu_label_too_long": N_("ラベルは%(limit)s文字以内で入力してください。"),
    "menu_icon_unknown": N_("アイコンを一覧から選んでください。"),
    "menu_function_missing": N_("タップしたときの動きを選んでください。"),
    "menu_text_missing": N_("送られる言葉を%(limit)s文字以内で入力してください。"),
    "menu_url_bad": N_(
        "https:// で始まるページ、または tel: と電話番号を入力してください（%(limit)s文字まで）。"
    ),
    "menu_picture_missing": N_("画像ファイルを選んでください。"),
    "menu_picture_too_big": N_("画像が大きすぎます。%(limit)sMBまでにしてください。"),
    "menu_picture_type": N_("PNGまたはJPEGの画像を選んでください。ファイルが壊れている可能性もあります。"),
    "menu_picture_size": N_(
        "画像の大きさは横%(width)s×縦%(height)sピクセルにしてください（選ばれた画像は%(given)s）。"
    ),
    "insert_unknown": N_("「{%(name)s}」という差し込みはありません。使えるものから選んでください。"),
    "answer_missing": N_("お返事を入力してください。"),
    "answer_too_long": N_("お返事は%(limit)s文字までです（現在%(length)s文字）。"),
    "answer_impossible": N_("この友だちにはお送りできません: %(reason)s"),
    "question_answered": N_("この質問には、すでに対応済みです。"),
    "rehearsal_days": N_("リハーサルの日数は1〜%(limit)s日で指定してください。"),
    "rehearsal_no_room": N_(
        "リハーサルにはディスクの空きが%(needed)sMB必要です（現在の空き %(free)sMB）。空きを作ってから、もう一度お試しください。"
    ),
    "email_malformed": N_("「%(given)s」はメールアドレスとして使えません。"),
    "mail_setting_missing": N_(
        "メールに表示する送信者名・住所・問い合わせ先を、それぞれ1行で入力してください。"
    ),
    "mail_setting_too_long": N_("メールに表示する項目は%(limit)s文字以内で入力してください。"),
}
