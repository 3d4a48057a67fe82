"""Who may open what: every route of the app, by blueprint; a route that is not in here fails a test.

`open` is for everybody, logged in or not; `key` for other systems that show an API key; `all` for every role; `till` for
the counter (owner, operator, till); `read` for owner, operator and viewer; `send` for owner and operator; `own` for owners.
A row without a blueprint goes on with the row above. `-` has no blueprint.
"""

from bot.models import Role

ROLES = {
    "all": set(Role),
    "till": {Role.OWNER, Role.OPERATOR, Role.TILL},
    "read": {Role.OWNER, Role.OPERATOR, Role.VIEWER},
    "send": {Role.OWNER, Role.OPERATOR},
    "own": {Role.OWNER},
}
OPEN, KEY = "open", "key"

TABLE = """
-                     open  static
account               all   log_out_everywhere password save show theme
api                   open  asset docs openapi
api                   key   adjust_points answer best cohort_table count_condition count_segment
                            create_segment decile_table delete_mail delete_tag edit_segment enrol_friend event
                            explain_friend f2 following friend issue list_friends list_scenarios list_segments
                            mail_of pause_scenario resume_scenario scenario_figures_of show_scenario
                            of_friend put_mail put_tag quota recommendations record redeem refund repeat
                            rfm_table saved show_kill_switch show_points show_segment tag times
                            turn_kill_switch
api_keys              own   ask_revoke create index revoke
approving             send  approve send_back
audit                 send  file index
auth                  open  language log_in login
auth                  all   log_out
bootstrap             open  static
broadcasts            read  index
broadcasts            send  audience copy edit keep new remove take_back unkeep
calendar              read  day show
complaints            send  record withdraw
conditions            read  builder choices count
connection            read  show
connection            send  run_check set_webhook
coupons               read  edit index progress
coupons               send  ask_give create give new save stop
data                  own   cancel download export progress show
erasing               own   erase show
first_steps           send  me show skip state unskip
friend_acts           send  consent edit note remove_note save tag untag
friend_complaints     send  record withdraw
friends               read  conditions index narrow show why
friends               send  export
front_door            open  show
health                open  healthz
home                  all   show
imports               read  index past progress refused_file show
imports               send  cancel rehearse run upload
inbox                 read  index news show
inbox_acts            send  answer assign close hand_back note settle take_over
inbox_media           read  show
leaving               send  confirm look price send test
mail_unsubscribing    open  ask refuse
member_cards          open  picture
merging               send  join show
message_tools         read  show_links
message_tools         send  add_link archive copy discard restore test unarchive
messages              read  compare index show
messages              send  edit new preview
metrics               open  show
money                 read  show
money                 send  plan remove_plan save_limits
parked                read  index
parked                send  dismiss retry
points                read  show
points                send  save
picture_serving       open  show
pictures              read  index show
pictures              send  add remove upload
policies              read  edit history index progress trial
policies              send  apply cancel try_out
previews              read  sheet
products              read  categories edit file index
products              send  ask_rename create new rename sale save
questions             read  index
questions             send  answer mark_all_answered mark_answered
reports               read  download index show
results               read  as_csv show
reviews               read  index
reviews               send  decide reopen settle
rich_menu_publishing  send  ask_publish ask_take_back publish take_back
rich_menus            read  edit index picture shipped_picture template
rich_menus            send  copy create new own_picture preview remove save
sales                 read  cohorts deciles following index progress repeating times values
sales                 send  recompute
saved_replies         read  index
saved_replies         send  hold remove save
scenario              read  show
scenario              send  create edit new save
scenario_asking       send  ask_delete ask_pause delete
scenario_files        read  export
scenario_files        send  copy import_file put_back
scenario_people       read  index
scenario_people       send  ask_leave leave
scenario_steps        send  create edit new save
scenario_try          read  show
scenarios             read  index
scenarios             send  pause pause_step resume resume_step
segment_files         read  growth
segment_files         send  friends
segment_versions      send  ask_restore restore
segments              read  index show size
segments              send  ask_delete create delete edit new update watch
sending_policies      read  contact control trust
sending_policies      send  save_contact save_control save_trust
sending_rules         read  history show
sending_settings      read  mail quiet_hours together
sending_settings      send  save_mail save_quiet_hours save_together
sent                  read  show
settings              read  show
settings              send  save
staff                 own   change_role disable enable end_sessions index invite reset_password show
step_moves            send  ask_move ask_pause ask_remove move remove
steps                 read  edit
steps                 send  save
stopping              read  show
stopping              send  start stop
stuck                 read  index
stuck                 send  ask_give_up give_up retry
taggings              read  index progress show
taggings              send  ask begin stop undo
tags                  read  index show
tags                  send  ask_delete create delete rename rule
targets               read  index show
targets               own   drop save
till                  till  issue look redeem sell show undo
tracked_links         open  follow
uncertain             read  index
uncertain             send  again arrived ask_again ask_arrived
unsent                read  index
watching              read  progress show
watching              send  ask_cancel cancel pause resume
"""


def access() -> dict[str, str]:
    """Return who may open each endpoint: a name of ROLES, OPEN or KEY."""
    found: dict[str, str] = {}
    blueprint, who = "", ""
    for line in TABLE.strip().splitlines():
        words = line.split()
        if not line.startswith(" "):
            blueprint = words.pop(0)
        if words[0] in (OPEN, KEY, *ROLES):
            who = words.pop(0)
        found |= {(name if blueprint == "-" else f"{blueprint}.{name}"): who for name in words}
    return found
