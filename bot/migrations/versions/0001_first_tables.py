"""Create every table."""

import sqlalchemy as sa
from alembic import op

from segments.db import BigId, Json, UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "api_keys",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_table(
        "audiences",
        sa.Column("id", BigId, nullable=False),
        sa.Column("condition", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audiences")),
    )
    op.create_table(
        "policy_trials",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("begun_by", sa.String(length=64), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("result", Json, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_trials")),
    )
    op.create_table(
        "review_decisions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("unit", sa.String(length=8), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("follow_up_on", sa.Date(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("settled_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_decisions")),
    )
    with op.batch_alter_table("review_decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_decisions_starts_on"), ["starts_on"], unique=False)

    op.create_table(
        "audit_entries",
        sa.Column("id", BigId, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=128), nullable=False),
        sa.Column("details", Json, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entries_actor_id", ["actor", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entries_at"), ["at"], unique=False)

    op.create_table(
        "coupons",
        sa.Column("id", BigId, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("discount_yen", sa.Integer(), nullable=False),
        sa.Column("valid_days", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupons")),
        sa.UniqueConstraint("key", name=op.f("uq_coupons_key")),
    )
    op.create_table(
        "friends",
        sa.Column("id", BigId, nullable=False),
        sa.Column("line_user_id", sa.String(length=64), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("kana", sa.Text(), nullable=False),
        sa.Column("searched", sa.Text(), nullable=True),
        sa.Column("picture_url", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column("member_number", sa.String(length=64), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_consent_at", UtcDateTime(), nullable=True),
        sa.Column("email_opted_out_at", UtcDateTime(), nullable=True),
        sa.Column("email_bad_at", UtcDateTime(), nullable=True),
        sa.Column("birthday", sa.Date(), nullable=True),
        sa.Column("fields", Json, nullable=False),
        sa.Column("route", sa.String(length=64), nullable=True),
        sa.Column("referral_code", sa.String(length=16), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("followed_at", UtcDateTime(), nullable=True),
        sa.Column("blocked_at", UtcDateTime(), nullable=True),
        sa.Column("follow_state_at", UtcDateTime(), nullable=True),
        sa.Column("opted_out_at", UtcDateTime(), nullable=True),
        sa.Column("offers_opted_out_at", UtcDateTime(), nullable=True),
        sa.Column("profile_fetched_at", UtcDateTime(), nullable=True),
        sa.Column("last_wrote_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_friends")),
        sa.UniqueConstraint("line_user_id", name=op.f("uq_friends_line_user_id")),
        sa.UniqueConstraint("member_number", name=op.f("uq_friends_member_number")),
        sa.UniqueConstraint("referral_code", name=op.f("uq_friends_referral_code")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("friends", schema=None) as batch_op:
        batch_op.create_index(
            "ix_friends_birthday",
            ["birthday"],
            unique=False,
            sqlite_where=sa.text("birthday IS NOT NULL"),
            postgresql_where=sa.text("birthday IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_friends_followed_at"), ["followed_at"], unique=False)
        batch_op.create_index(
            "ix_friends_last_wrote_at",
            ["last_wrote_at"],
            unique=False,
            sqlite_where=sa.text("last_wrote_at IS NOT NULL"),
            postgresql_where=sa.text("last_wrote_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_friends_route"), ["route"], unique=False)

    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "uploads",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("size", BigId, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("encoding", sa.String(length=32), nullable=False),
        sa.Column("choices", Json, nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.Column("uploaded_by", sa.String(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "choosing",
                "waiting",
                "running",
                "done",
                "failed",
                "cancelled",
                name="uploadstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("is_rehearsal", sa.Boolean(), nullable=False),
        sa.Column("phase", sa.String(length=16), nullable=False),
        sa.Column("done", BigId, nullable=False),
        sa.Column("total", BigId, nullable=False),
        sa.Column("cancel_asked_at", UtcDateTime(), nullable=True),
        sa.Column("failure", Json, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
    )
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_uploads_digest"), ["digest"], unique=False)
        batch_op.create_index(batch_op.f("ix_uploads_uploaded_at"), ["uploaded_at"], unique=False)

    op.create_table(
        "upload_parts",
        sa.Column("upload_id", BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name=op.f("fk_upload_parts_upload_id_uploads"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("upload_id", "number", name=op.f("pk_upload_parts")),
    )
    op.create_table(
        "import_runs",
        sa.Column("id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "running", "done", "failed", "cancelled", name="importstate", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("unlinked", sa.Integer(), nullable=False),
        sa.Column("is_rehearsal", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("upload_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["uploads.id"], name=op.f("fk_import_runs_upload_id_uploads"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_runs")),
    )
    with op.batch_alter_table("import_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_runs_upload_id"), ["upload_id"], unique=False)

    op.create_table(
        "inbound_events",
        sa.Column("id", BigId, nullable=False),
        sa.Column("webhook_event_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("line_user_id", sa.String(length=64), nullable=True),
        sa.Column("line_message_id", sa.String(length=64), nullable=True),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("raw", Json, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending", "done", "ignored", "parked", name="inboundstate", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", UtcDateTime(), nullable=False),
        sa.Column("handled_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_events")),
        sa.UniqueConstraint("webhook_event_id", name=op.f("uq_inbound_events_webhook_event_id")),
    )
    with op.batch_alter_table("inbound_events", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_inbound_events_line_message_id"), ["line_message_id"], unique=False
        )
        batch_op.create_index(
            "ix_inbound_events_pending",
            ["line_user_id", "occurred_at"],
            unique=False,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.create_index("ix_inbound_events_state_kind", ["state", "kind"], unique=False)

    op.create_table(
        "line_calls",
        sa.Column("id", BigId, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("endpoint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_calls")),
    )
    with op.batch_alter_table("line_calls", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_line_calls_at"), ["at"], unique=False)

    op.create_table(
        "links",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("name", name=op.f("uq_links_name")),
    )
    op.create_table(
        "login_attempts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempts")),
    )
    with op.batch_alter_table("login_attempts", schema=None) as batch_op:
        batch_op.create_index("ix_login_attempts_address_at", ["address", "at"], unique=False)
        batch_op.create_index("ix_login_attempts_login_at", ["login", "at"], unique=False)

    op.create_table(
        "messages",
        sa.Column("id", BigId, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("care", "sales", "service", name="purpose", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("kept", sa.Boolean(), nullable=False),
        sa.Column("archived_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("key", name=op.f("uq_messages_key")),
    )
    op.create_table(
        "policies",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
    )
    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_policies_name"), ["name"], unique=False)

    op.create_table(
        "products",
        sa.Column("id", BigId, nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("price_yen", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("regular", "trial", "premium", name="productkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("image_url", sa.Text(), nullable=True),
        sa.Column("page_url", sa.Text(), nullable=True),
        sa.Column("available", sa.Boolean(), nullable=False),
        sa.Column("settling_count", sa.Integer(), nullable=True),
        sa.Column("upgrade_of_id", BigId, nullable=True),
        sa.Column("subscription_days", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upgrade_of_id"],
            ["products.id"],
            name=op.f("fk_products_upgrade_of_id_products"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("code", name=op.f("uq_products_code")),
    )
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_products_category"), ["category"], unique=False)

    op.create_table(
        "message_meters",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("claimed", sa.Integer(), nullable=False),
        sa.Column("beyond", sa.Integer(), nullable=False),
        sa.Column("kept_for_care", sa.Integer(), nullable=False),
        sa.Column("last_grant", sa.Integer(), nullable=False),
        sa.Column("held_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_message_meters")),
    )
    op.create_table(
        "quota_checks",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("ours", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("is_alarm", sa.Boolean(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_quota_checks")),
    )
    op.create_table(
        "rate_buckets",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("next_free", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rate_buckets")),
    )
    op.create_table(
        "menu_designs",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("layout", sa.String(length=16), nullable=False),
        sa.Column("palette", sa.String(length=16), nullable=False),
        sa.Column("chat_bar_text", sa.String(length=14), nullable=False),
        sa.Column("opens", sa.Boolean(), nullable=False),
        sa.Column("areas", Json, nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=True),
        sa.Column("picture_type", sa.String(length=16), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("updated_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_menu_designs")),
    )
    op.create_table(
        "pictures",
        sa.Column("id", BigId, nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("byte_count", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_pictures_fingerprint")),
        sa.UniqueConstraint("token", name=op.f("uq_pictures_token")),
    )
    op.create_table(
        "picture_files",
        sa.Column("picture_id", BigId, nullable=False),
        sa.Column(
            "size",
            sa.Enum("full", "card", "small", name="picturesize", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["picture_id"],
            ["pictures.id"],
            name=op.f("fk_picture_files_picture_id_pictures"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("picture_id", "size", name=op.f("pk_picture_files")),
    )
    op.create_table(
        "retired_menus",
        sa.Column("line_rich_menu_id", sa.String(length=64), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("line_rich_menu_id", name=op.f("pk_retired_menus")),
    )
    op.create_table(
        "saved_replies",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("updated_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_replies")),
        sa.UniqueConstraint("name", name=op.f("uq_saved_replies_name")),
    )
    op.create_table(
        "rich_menus",
        sa.Column("id", BigId, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("line_rich_menu_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("design_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["design_id"],
            ["menu_designs.id"],
            name=op.f("fk_rich_menus_design_id_menu_designs"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rich_menus")),
        sa.UniqueConstraint("key", name=op.f("uq_rich_menus_key")),
    )
    op.create_table(
        "scenarios",
        sa.Column("id", BigId, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("name_en", sa.String(length=128), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("trigger", Json, nullable=False),
        sa.Column("condition", Json, nullable=True),
        sa.Column("goal", Json, nullable=True),
        sa.Column(
            "reentry",
            sa.Enum("never", "always", "after_interval", name="reentry", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("reentry_interval", sa.Interval(), nullable=True),
        sa.Column("settings", Json, nullable=False),
        sa.Column("dates_through", sa.Date(), nullable=True),
        sa.Column("dates_after", BigId, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenarios")),
        sa.UniqueConstraint("key", name=op.f("uq_scenarios_key")),
    )
    op.create_table(
        "segments",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("condition", Json, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("watched", sa.Boolean(), nullable=False),
        sa.Column("kept_by_hand", sa.Boolean(), nullable=False),
        sa.Column("members_as_of", UtcDateTime(), nullable=True),
        sa.Column("members_version", sa.Integer(), nullable=True),
        sa.Column("members_basis", sa.String(length=64), nullable=True),
        sa.Column("filling", Json, nullable=True),
        sa.Column("members_problem", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
        sa.UniqueConstraint("name", name=op.f("uq_segments_name")),
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_settings")),
    )
    op.create_table(
        "audience_members",
        sa.Column("audience_id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"],
            ["audiences.id"],
            name=op.f("fk_audience_members_audience_id_audiences"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["friend_id"],
            ["friends.id"],
            name=op.f("fk_audience_members_friend_id_friends"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("audience_id", "friend_id", name=op.f("pk_audience_members")),
    )
    op.create_table(
        "chat_messages",
        sa.Column("id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column(
            "direction", sa.Enum("in", "out", name="direction", native_enum=False, length=32), nullable=False
        ),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("content", Json, nullable=True),
        sa.Column("line_message_id", sa.String(length=64), nullable=True),
        sa.Column("delivery_id", BigId, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("unsent_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_chat_messages_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_messages")),
        sa.UniqueConstraint("line_message_id", name=op.f("uq_chat_messages_line_message_id")),
    )
    with op.batch_alter_table("chat_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chat_messages_delivery_id"), ["delivery_id"], unique=False)
        batch_op.create_index("ix_chat_messages_friend_id_at", ["friend_id", "at"], unique=False)

    op.create_table(
        "operators",
        sa.Column("id", BigId, nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column(
            "role",
            sa.Enum("owner", "operator", "viewer", "till", name="role", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("password_hash", sa.String(length=256), nullable=False),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("session_version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("friend_id", BigId, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_operators_friend_id_friends"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operators")),
        sa.UniqueConstraint("login", name=op.f("uq_operators_login")),
    )
    op.create_table(
        "chat_states",
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("expecting", sa.String(length=80), nullable=True),
        sa.Column("expecting_until", UtcDateTime(), nullable=True),
        sa.Column("with_person_since", UtcDateTime(), nullable=True),
        sa.Column("told_to_wait_at", UtcDateTime(), nullable=True),
        sa.Column("preference_at", UtcDateTime(), nullable=True),
        sa.Column("language_chosen", sa.Boolean(), nullable=False),
        sa.Column("held_until", UtcDateTime(), nullable=True),
        sa.Column("assigned_to_id", BigId, nullable=True),
        sa.Column("reply_token", sa.Text(), nullable=True),
        sa.Column("reply_token_until", UtcDateTime(), nullable=True),
        sa.Column("answer_delivery_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["assigned_to_id"],
            ["operators.id"],
            name=op.f("fk_chat_states_assigned_to_id_operators"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_chat_states_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("friend_id", name=op.f("pk_chat_states")),
    )
    with op.batch_alter_table("chat_states", schema=None) as batch_op:
        batch_op.create_index(
            "ix_chat_states_answer_delivery_id",
            ["answer_delivery_id"],
            unique=False,
            sqlite_where=sa.text("answer_delivery_id IS NOT NULL"),
            postgresql_where=sa.text("answer_delivery_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_chat_states_assigned_to_id",
            ["assigned_to_id"],
            unique=False,
            sqlite_where=sa.text("assigned_to_id IS NOT NULL"),
            postgresql_where=sa.text("assigned_to_id IS NOT NULL"),
        )

    op.create_table(
        "chat_viewers",
        sa.Column("operator_id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_chat_viewers_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"],
            ["operators.id"],
            name=op.f("fk_chat_viewers_operator_id_operators"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("operator_id", "friend_id", name=op.f("pk_chat_viewers")),
    )
    op.create_table(
        "menu_links",
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("line_rich_menu_id", sa.String(length=64), nullable=True),
        sa.Column("linked_at", UtcDateTime(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_menu_links_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("friend_id", name=op.f("pk_menu_links")),
    )
    with op.batch_alter_table("menu_links", schema=None) as batch_op:
        batch_op.create_index(
            "ix_menu_links_line_rich_menu_id",
            ["line_rich_menu_id"],
            unique=False,
            sqlite_where=sa.text("line_rich_menu_id IS NOT NULL"),
            postgresql_where=sa.text("line_rich_menu_id IS NOT NULL"),
        )

    op.create_table(
        "chat_media",
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_type", sa.String(length=32), nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["chat_messages.id"],
            name=op.f("fk_chat_media_message_id_chat_messages"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_chat_media")),
    )
    op.create_table(
        "customer_events",
        sa.Column("id", BigId, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "followed",
                "refollowed",
                "blocked",
                "opted_out",
                "opted_in",
                "offers_opted_out",
                "offers_opted_in",
                "wrote",
                "tapped",
                "asked",
                "free_item_claimed",
                "trial_offered",
                "trial_offer_ended",
                "purchased",
                "refunded",
                "satisfied",
                "dissatisfied",
                "cycle_due",
                "stage_changed",
                "segment_entered",
                "segment_left",
                "tagged",
                "answered",
                "event_joined",
                "complained",
                "points_earned",
                "member_linked",
                "referral_entered",
                "referral_rewarded",
                "coupon_granted",
                "coupon_redeemed",
                name="eventkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["friend_id"],
            ["friends.id"],
            name=op.f("fk_customer_events_friend_id_friends"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_events")),
    )
    with op.batch_alter_table("customer_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customer_events_friend_id"), ["friend_id"], unique=False)
        batch_op.create_index(
            "ix_customer_events_counted_by_day",
            ["at", "kind", "friend_id"],
            unique=False,
            sqlite_where=sa.text(
                "kind IN ('refollowed', 'blocked', 'opted_out', 'opted_in', 'offers_opted_out', 'offers_opted_in', 'satisfied', 'dissatisfied')"
            ),
            postgresql_where=sa.text(
                "kind IN ('refollowed', 'blocked', 'opted_out', 'opted_in', 'offers_opted_out', 'offers_opted_in', 'satisfied', 'dissatisfied')"
            ),
        )
        batch_op.create_index(
            "ix_customer_events_unread",
            ["id"],
            unique=False,
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )

    op.create_table(
        "cycles",
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("s1", sa.Float(), nullable=False),
        sa.Column("s2", sa.Float(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("sum_amount", BigId, nullable=False),
        sa.Column("last_quantity", sa.Integer(), nullable=False),
        sa.Column("cycle_days", sa.Float(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("remind_at", UtcDateTime(), nullable=True),
        sa.Column("reminded_at", UtcDateTime(), nullable=True),
        sa.Column("slip_at", UtcDateTime(), nullable=True),
        sa.Column("lapse_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_cycles_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("friend_id", "category", name=op.f("pk_cycles")),
    )
    with op.batch_alter_table("cycles", schema=None) as batch_op:
        batch_op.create_index(
            "ix_cycles_category_due_at",
            ["category", "due_at", "slip_at", "lapse_at", "friend_id", "last_at"],
            unique=False,
        )
        batch_op.create_index("ix_cycles_category_lapse_at", ["category", "lapse_at"], unique=False)
        batch_op.create_index("ix_cycles_category_slip_at", ["category", "slip_at"], unique=False)
        batch_op.create_index(
            "ix_cycles_unreminded",
            ["remind_at"],
            unique=False,
            sqlite_where=sa.text("reminded_at IS NULL"),
            postgresql_where=sa.text("reminded_at IS NULL"),
        )

    op.create_table(
        "facts",
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("purchase_count", sa.Integer(), nullable=False),
        sa.Column("full_price_count", sa.Integer(), nullable=False),
        sa.Column("spend_yen", BigId, nullable=False),
        sa.Column("first_purchase_at", UtcDateTime(), nullable=True),
        sa.Column("last_purchase_at", UtcDateTime(), nullable=True),
        sa.Column("regular_until", UtcDateTime(), nullable=True),
        sa.Column("free_item_claimed_at", UtcDateTime(), nullable=True),
        sa.Column("inquired_at", UtcDateTime(), nullable=True),
        sa.Column("trial_offered_at", UtcDateTime(), nullable=True),
        sa.Column("trial_offer_ends_at", UtcDateTime(), nullable=True),
        sa.Column("satisfied_at", UtcDateTime(), nullable=True),
        sa.Column("dissatisfied_at", UtcDateTime(), nullable=True),
        sa.Column("referral_count", sa.Integer(), nullable=False),
        sa.Column("message_count", sa.Integer(), nullable=False),
        sa.Column("tap_count", sa.Integer(), nullable=False),
        sa.Column("last_reaction_at", UtcDateTime(), nullable=True),
        sa.Column("last_contacted_at", UtcDateTime(), nullable=True),
        sa.Column("answer_count", sa.Integer(), nullable=False),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("complaint_count", sa.Integer(), nullable=False),
        sa.Column("complained_at", UtcDateTime(), nullable=True),
        sa.Column("points", BigId, nullable=False),
        sa.Column("recent_contacts", sa.String(length=200), nullable=False),
        sa.Column("trust", sa.Integer(), nullable=False),
        sa.Column("trust_red_until", UtcDateTime(), nullable=True),
        sa.Column("product_count", sa.Integer(), nullable=False),
        sa.Column("settled_count", sa.Integer(), nullable=False),
        sa.Column("related_count", sa.Integer(), nullable=False),
        sa.Column("favourite_category", sa.String(length=64), nullable=True),
        sa.Column("subscription_since", UtcDateTime(), nullable=True),
        sa.Column("subscription_until", UtcDateTime(), nullable=True),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("stage_since", UtcDateTime(), nullable=False),
        sa.Column("stage_reason", sa.String(length=64), nullable=False),
        sa.Column("growth", sa.String(length=16), nullable=False),
        sa.Column("growth_since", UtcDateTime(), nullable=True),
        sa.Column("growth_reason", sa.String(length=64), nullable=False),
        sa.Column("customer_class", sa.String(length=16), nullable=False),
        sa.Column("class_since", UtcDateTime(), nullable=True),
        sa.Column("class_reason", sa.String(length=64), nullable=False),
        sa.Column("purchase_status", sa.String(length=16), nullable=False),
        sa.Column("status_since", UtcDateTime(), nullable=True),
        sa.Column("suppressed_at", UtcDateTime(), nullable=True),
        sa.Column("review_at", UtcDateTime(), nullable=True),
        sa.Column("unlearned_since", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_facts_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("friend_id", name=op.f("pk_facts")),
    )
    with op.batch_alter_table("facts", schema=None) as batch_op:
        batch_op.create_index(
            "ix_facts_first_purchase_at",
            ["first_purchase_at"],
            unique=False,
            sqlite_where=sa.text("first_purchase_at IS NOT NULL"),
            postgresql_where=sa.text("first_purchase_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_facts_last_reaction_at",
            ["last_reaction_at"],
            unique=False,
            sqlite_where=sa.text("last_reaction_at IS NOT NULL"),
            postgresql_where=sa.text("last_reaction_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_facts_last_contacted_at",
            ["last_contacted_at"],
            unique=False,
            sqlite_where=sa.text("last_contacted_at IS NOT NULL"),
            postgresql_where=sa.text("last_contacted_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_facts_complained_at",
            ["complained_at"],
            unique=False,
            sqlite_where=sa.text("complained_at IS NOT NULL"),
            postgresql_where=sa.text("complained_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_facts_subscription_until",
            ["subscription_until"],
            unique=False,
            sqlite_where=sa.text("subscription_until IS NOT NULL"),
            postgresql_where=sa.text("subscription_until IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_facts_trust_red_until",
            ["trust_red_until"],
            unique=False,
            sqlite_where=sa.text("trust_red_until IS NOT NULL"),
            postgresql_where=sa.text("trust_red_until IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_facts_last_purchase_at"), ["last_purchase_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_facts_review_at"), ["review_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_facts_stage"), ["stage"], unique=False)

    op.create_table(
        "link_taps",
        sa.Column("id", BigId, nullable=False),
        sa.Column("link_id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("delivery_id", BigId, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_link_taps_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["link_id"], ["links.id"], name=op.f("fk_link_taps_link_id_links"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_taps")),
    )
    with op.batch_alter_table("link_taps", schema=None) as batch_op:
        batch_op.create_index(
            "ix_link_taps_friend_id_link_id_at", ["friend_id", "link_id", "at"], unique=False
        )
        batch_op.create_index("ix_link_taps_link_id_at", ["link_id", "at"], unique=False)
        batch_op.create_index(
            "ix_link_taps_delivery_id",
            ["delivery_id"],
            unique=False,
            sqlite_where=sa.text("delivery_id IS NOT NULL"),
            postgresql_where=sa.text("delivery_id IS NOT NULL"),
        )

    op.create_table(
        "member_link_attempts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["friend_id"],
            ["friends.id"],
            name=op.f("fk_member_link_attempts_friend_id_friends"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_link_attempts")),
    )
    with op.batch_alter_table("member_link_attempts", schema=None) as batch_op:
        batch_op.create_index("ix_member_link_attempts_friend_id_at", ["friend_id", "at"], unique=False)

    op.create_table(
        "member_link_codes",
        sa.Column("id", BigId, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("member_number", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("used_by_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["used_by_id"],
            ["friends.id"],
            name=op.f("fk_member_link_codes_used_by_id_friends"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_link_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_member_link_codes_code_hash")),
    )
    with op.batch_alter_table("member_link_codes", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_member_link_codes_member_number"), ["member_number"], unique=False
        )

    op.create_table(
        "message_versions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("form", Json, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_message_versions_message_id_messages"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_versions")),
        sa.UniqueConstraint("message_id", "version", name=op.f("uq_message_versions_message_id_version")),
    )
    op.create_table(
        "next_products",
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("next_product_id", BigId, nullable=False),
        sa.Column("buyers", sa.Integer(), nullable=False),
        sa.Column("went_on", sa.Integer(), nullable=False),
        sa.Column("lift", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["next_product_id"],
            ["products.id"],
            name=op.f("fk_next_products_next_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["products.id"],
            name=op.f("fk_next_products_product_id_products"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("product_id", "next_product_id", name=op.f("pk_next_products")),
    )
    op.create_table(
        "form_drafts",
        sa.Column("operator_id", BigId, nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.Column("base", sa.String(length=64), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"],
            ["operators.id"],
            name=op.f("fk_form_drafts_operator_id_operators"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("operator_id", "place", name=op.f("pk_form_drafts")),
    )
    op.create_table(
        "purchases",
        sa.Column("id", BigId, nullable=False),
        sa.Column("order_id", sa.String(length=128), nullable=False),
        sa.Column("friend_id", BigId, nullable=True),
        sa.Column("member_number", sa.String(length=64), nullable=True),
        sa.Column("bought_at", UtcDateTime(), nullable=False),
        sa.Column("amount_yen", sa.Integer(), nullable=False),
        sa.Column("refunded_at", UtcDateTime(), nullable=True),
        sa.Column("refunded_yen", sa.Integer(), nullable=False),
        sa.Column("is_trial", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_purchases_friend_id_friends"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchases")),
        sa.UniqueConstraint("order_id", name=op.f("uq_purchases_order_id")),
    )
    with op.batch_alter_table("purchases", schema=None) as batch_op:
        batch_op.create_index("ix_purchases_bought_at", ["bought_at"], unique=False)
        batch_op.create_index("ix_purchases_friend_id_bought_at", ["friend_id", "bought_at"], unique=False)
        batch_op.create_index(
            "ix_purchases_member_number",
            ["member_number"],
            unique=False,
            sqlite_where=sa.text("member_number IS NOT NULL"),
            postgresql_where=sa.text("member_number IS NOT NULL"),
        )

    op.create_table(
        "coupon_grants",
        sa.Column("id", BigId, nullable=False),
        sa.Column("coupon_id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("granted_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("redeemed_at", UtcDateTime(), nullable=True),
        sa.Column("redeemed_by", sa.String(length=64), nullable=True),
        sa.Column("purchase_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["coupon_id"], ["coupons.id"], name=op.f("fk_coupon_grants_coupon_id_coupons")
        ),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_coupon_grants_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"],
            ["purchases.id"],
            name=op.f("fk_coupon_grants_purchase_id_purchases"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon_grants")),
        sa.UniqueConstraint("code", name=op.f("uq_coupon_grants_code")),
    )
    with op.batch_alter_table("coupon_grants", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_coupon_grants_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_coupon_grants_friend_id"), ["friend_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coupon_grants_purchase_id"), ["purchase_id"], unique=False)
        batch_op.create_index(
            "ix_coupon_grants_redeemed_at",
            ["redeemed_at"],
            unique=False,
            sqlite_where=sa.text("redeemed_at IS NOT NULL"),
            postgresql_where=sa.text("redeemed_at IS NOT NULL"),
        )
        batch_op.create_index("uq_coupon_grants_cause", ["cause"], unique=True)

    op.create_table(
        "trust_entries",
        sa.Column("id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "care",
                "sale",
                "tap",
                "reply",
                "purchase",
                "answered",
                "unanswered",
                "complaint",
                "complaint_withdrawn",
                "block",
                "merged",
                "by_hand",
                name="trustkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=128), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_trust_entries_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trust_entries")),
    )
    with op.batch_alter_table("trust_entries", schema=None) as batch_op:
        batch_op.create_index("ix_trust_entries_friend_id_id", ["friend_id", "id"], unique=False)

    op.create_table(
        "decisions",
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("broadcast_id", BigId, nullable=False),
        sa.Column("enrolment_id", BigId, nullable=False),
        sa.Column("step_id", BigId, nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("figures", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_decisions_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(
            "friend_id", "broadcast_id", "enrolment_id", "step_id", "rule", name=op.f("pk_decisions")
        ),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decisions_at"), ["at"], unique=False)

    op.create_table(
        "point_entries",
        sa.Column("id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("points", BigId, nullable=False),
        sa.Column("cause", sa.String(length=160), nullable=False),
        sa.Column("purchase_id", BigId, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("expired_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_point_entries_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"],
            ["purchases.id"],
            name=op.f("fk_point_entries_purchase_id_purchases"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_entries")),
        sa.UniqueConstraint("cause", name=op.f("uq_point_entries_cause")),
    )
    with op.batch_alter_table("point_entries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_point_entries_expiring",
            ["expires_at"],
            unique=False,
            sqlite_where=sa.text("expired_at IS NULL AND expires_at IS NOT NULL"),
            postgresql_where=sa.text("expired_at IS NULL AND expires_at IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_point_entries_friend_id"), ["friend_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_point_entries_purchase_id"), ["purchase_id"], unique=False)

    op.create_table(
        "referrals",
        sa.Column("id", BigId, nullable=False),
        sa.Column("referrer_id", BigId, nullable=False),
        sa.Column("newcomer_id", BigId, nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("rewarded_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["newcomer_id"], ["friends.id"], name=op.f("fk_referrals_newcomer_id_friends"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["referrer_id"], ["friends.id"], name=op.f("fk_referrals_referrer_id_friends"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals")),
        sa.UniqueConstraint("newcomer_id", name=op.f("uq_referrals_newcomer_id")),
    )
    with op.batch_alter_table("referrals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_referrals_referrer_id"), ["referrer_id"], unique=False)

    op.create_table(
        "refused_lines",
        sa.Column("id", BigId, nullable=False),
        sa.Column("import_run_id", BigId, nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("params", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_run_id"],
            ["import_runs.id"],
            name=op.f("fk_refused_lines_import_run_id_import_runs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_lines")),
    )
    with op.batch_alter_table("refused_lines", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refused_lines_import_run_id"), ["import_run_id"], unique=False)

    op.create_table(
        "segment_members",
        sa.Column("segment_id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["friend_id"],
            ["friends.id"],
            name=op.f("fk_segment_members_friend_id_friends"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["segments.id"],
            name=op.f("fk_segment_members_segment_id_segments"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("segment_id", "friend_id", name=op.f("pk_segment_members")),
    )
    with op.batch_alter_table("segment_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_segment_members_friend_id"), ["friend_id"], unique=False)

    op.create_table(
        "day_counts",
        sa.Column("figure", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("part", sa.String(length=96), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("figure", "day", "part", name=op.f("pk_day_counts")),
    )
    op.create_table(
        "campaign_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("broadcast_id", BigId, nullable=False),
        sa.Column("scenario_id", BigId, nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("billed", sa.Integer(), nullable=False),
        sa.Column("taps", sa.Integer(), nullable=False),
        sa.Column("blocks", sa.Integer(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("yen", BigId, nullable=False),
        sa.PrimaryKeyConstraint("day", "broadcast_id", "scenario_id", name=op.f("pk_campaign_days")),
    )
    op.create_table(
        "segment_moves",
        sa.Column("segment_id", BigId, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("entered", sa.Integer(), nullable=False),
        sa.Column("left", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["segments.id"],
            name=op.f("fk_segment_moves_segment_id_segments"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("segment_id", "day", name=op.f("pk_segment_moves")),
    )
    op.create_table(
        "segment_sizes",
        sa.Column("segment_id", BigId, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["segments.id"],
            name=op.f("fk_segment_sizes_segment_id_segments"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("segment_id", "day", name=op.f("pk_segment_sizes")),
    )
    op.create_table(
        "segment_versions",
        sa.Column("segment_id", BigId, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("condition", Json, nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.Column("saved_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["segments.id"],
            name=op.f("fk_segment_versions_segment_id_segments"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("segment_id", "version", name=op.f("pk_segment_versions")),
    )
    op.create_table(
        "stage_changes",
        sa.Column("id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("ladder", sa.String(length=16), nullable=False),
        sa.Column("from_stage", sa.String(length=16), nullable=True),
        sa.Column("to_stage", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("reason_params", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_stage_changes_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_changes")),
    )
    with op.batch_alter_table("stage_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stage_changes_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_stage_changes_friend_id"), ["friend_id"], unique=False)

    op.create_table(
        "steps",
        sa.Column("id", BigId, nullable=False),
        sa.Column("scenario_id", BigId, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("parent_id", BigId, nullable=True),
        sa.Column("arm", sa.String(length=64), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "message",
                "action",
                "wait",
                "wait_until",
                "branch",
                "split",
                "goal",
                "end",
                name="stepkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("settings", Json, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("delay", sa.Interval(), nullable=False),
        sa.Column("at_time", sa.Time(), nullable=True),
        sa.Column("condition", Json, nullable=True),
        sa.Column("message_id", BigId, nullable=True),
        sa.Column(
            "purpose",
            sa.Enum("care", "sales", "service", name="purpose", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("effects", Json, nullable=False),
        sa.Column("valid_for", sa.Interval(), nullable=True),
        sa.Column("rides_for", sa.Interval(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("alarm", Json, nullable=True),
        sa.Column("rate_from", UtcDateTime(), nullable=True),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_steps_message_id_messages")),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["steps.id"], name=op.f("fk_steps_parent_id_steps"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["scenario_id"], ["scenarios.id"], name=op.f("fk_steps_scenario_id_scenarios"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_steps")),
        sa.UniqueConstraint("scenario_id", "position", name=op.f("uq_steps_scenario_id_position")),
    )
    op.create_table(
        "survey_answers",
        sa.Column("id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["friend_id"],
            ["friends.id"],
            name=op.f("fk_survey_answers_friend_id_friends"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_answers")),
    )
    with op.batch_alter_table("survey_answers", schema=None) as batch_op:
        batch_op.create_index(
            "ix_survey_answers_friend_id_question_at", ["friend_id", "question", "at"], unique=False
        )
        batch_op.create_index("ix_survey_answers_question_at", ["question", "at"], unique=False)

    op.create_table(
        "tags",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("segment_id", BigId, nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segments.id"], name=op.f("fk_tags_segment_id_segments"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("name", name=op.f("uq_tags_name")),
        sa.UniqueConstraint("segment_id", name=op.f("uq_tags_segment_id")),
    )
    op.create_table(
        "touched",
        sa.Column("id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_touched_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touched")),
    )
    with op.batch_alter_table("touched", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_touched_friend_id"), ["friend_id"], unique=False)

    op.create_table(
        "broadcasts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "awaiting_approval",
                "scheduled",
                "planning",
                "sending",
                "paused",
                "done",
                "cancelled",
                name="broadcaststate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("state_reason", sa.String(length=64), nullable=True),
        sa.Column("message_version_id", BigId, nullable=True),
        sa.Column("condition", Json, nullable=True),
        sa.Column("segment_id", BigId, nullable=True),
        sa.Column("audience_id", BigId, nullable=True),
        sa.Column("planned_through", BigId, nullable=False),
        sa.Column("planned_at", UtcDateTime(), nullable=True),
        sa.Column("job_number", sa.Integer(), nullable=False),
        sa.Column("scheduled_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("per_minute", sa.Integer(), nullable=True),
        sa.Column("by_mail", sa.Boolean(), nullable=False),
        sa.Column("holdout_percent", sa.Integer(), nullable=False),
        sa.Column(
            "through",
            sa.Enum("named", "broadcast", name="through", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("through_reason", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("edited_by", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        sa.Column("approved_by", sa.String(length=64), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.Column("approved_for", sa.Integer(), nullable=True),
        sa.Column("returned_note", sa.String(length=200), nullable=False),
        sa.Column("by_value", sa.Boolean(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"], ["audiences.id"], name=op.f("fk_broadcasts_audience_id_audiences")
        ),
        sa.ForeignKeyConstraint(
            ["message_version_id"],
            ["message_versions.id"],
            name=op.f("fk_broadcasts_message_version_id_message_versions"),
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["segments.id"],
            name=op.f("fk_broadcasts_segment_id_segments"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
    )
    with op.batch_alter_table("broadcasts", schema=None) as batch_op:
        batch_op.create_index("ix_broadcasts_state_scheduled_at", ["state", "scheduled_at"], unique=False)

    op.create_table(
        "broadcast_results",
        sa.Column("broadcast_id", BigId, nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("figures", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"],
            ["broadcasts.id"],
            name=op.f("fk_broadcast_results_broadcast_id_broadcasts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "days", name=op.f("pk_broadcast_results")),
    )
    op.create_table(
        "enrolments",
        sa.Column("id", BigId, nullable=False),
        sa.Column("scenario_id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("context", Json, nullable=False),
        sa.Column("arms", Json, nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "active", "completed", "goal", "left", name="enrolmentstate", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("end_reason", sa.String(length=64), nullable=True),
        sa.Column("ended_step_id", BigId, nullable=True),
        sa.Column("next_step_id", BigId, nullable=True),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_enrolments_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["next_step_id"], ["steps.id"], name=op.f("fk_enrolments_next_step_id_steps"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["scenario_id"],
            ["scenarios.id"],
            name=op.f("fk_enrolments_scenario_id_scenarios"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint(
            "scenario_id", "friend_id", "cause", name=op.f("uq_enrolments_scenario_id_friend_id_cause")
        ),
    )
    with op.batch_alter_table("enrolments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_enrolments_friend_id"), ["friend_id"], unique=False)
        batch_op.create_index("ix_enrolments_next_step_id", ["next_step_id"], unique=False)
        batch_op.create_index("ix_enrolments_scenario_id_state", ["scenario_id", "state"], unique=False)
        batch_op.create_index(
            "ix_enrolments_state_next_at", ["state", "next_at", "next_step_id"], unique=False
        )

    op.create_table(
        "friend_tags",
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("tag_id", BigId, nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_friend_tags_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name=op.f("fk_friend_tags_tag_id_tags"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("friend_id", "tag_id", name=op.f("pk_friend_tags")),
    )
    with op.batch_alter_table("friend_tags", schema=None) as batch_op:
        batch_op.create_index("ix_friend_tags_tag_id_friend_id", ["tag_id", "friend_id"], unique=False)
        batch_op.create_index("ix_friend_tags_tag_id_set_at", ["tag_id", "set_at"], unique=False)

    op.create_table(
        "purchase_items",
        sa.Column("id", BigId, nullable=False),
        sa.Column("purchase_id", BigId, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount_yen", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_purchase_items_product_id_products")
        ),
        sa.ForeignKeyConstraint(
            ["purchase_id"],
            ["purchases.id"],
            name=op.f("fk_purchase_items_purchase_id_purchases"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_items")),
        sa.UniqueConstraint("purchase_id", "line", name=op.f("uq_purchase_items_purchase_id_line")),
    )
    with op.batch_alter_table("purchase_items", schema=None) as batch_op:
        batch_op.create_index(
            "ix_purchase_items_product_id_purchase_id", ["product_id", "purchase_id"], unique=False
        )

    op.create_table(
        "questions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("message_id", BigId, nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answered_by", sa.String(length=64), nullable=True),
        sa.Column("answer_delivery_id", BigId, nullable=True),
        sa.Column("overdue_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_questions_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["chat_messages.id"],
            name=op.f("fk_questions_message_id_chat_messages"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        sa.UniqueConstraint("message_id", name=op.f("uq_questions_message_id")),
    )
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_questions_waiting",
            ["asked_at"],
            unique=False,
            sqlite_where=sa.text("answered_at IS NULL AND overdue_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL AND overdue_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_questions_answered_at"), ["answered_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_questions_friend_id"), ["friend_id"], unique=False)

    op.create_table(
        "chunks",
        sa.Column("id", BigId, nullable=False),
        sa.Column("broadcast_id", BigId, nullable=True),
        sa.Column(
            "mode",
            sa.Enum("multicast", "push", "everyone", name="chunkmode", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "sending",
                "done",
                "cancelled",
                "parked",
                name="chunkstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("messages", Json, nullable=True),
        sa.Column("retry_key", sa.String(length=36), nullable=True),
        sa.Column("first_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("job_number", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=64), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("slot_at", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(length=64), nullable=True),
        sa.Column("parked_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name=op.f("fk_chunks_broadcast_id_broadcasts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chunks")),
    )
    with op.batch_alter_table("chunks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chunks_broadcast_id"), ["broadcast_id"], unique=False)
        batch_op.create_index("ix_chunks_state_next_attempt_at", ["state", "next_attempt_at"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "broadcast",
                "step",
                "reply",
                "test",
                "manual",
                name="deliverykind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "purpose",
            sa.Enum("care", "sales", "service", name="purpose", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("broadcast_id", BigId, nullable=True),
        sa.Column("enrolment_id", BigId, nullable=True),
        sa.Column("step_id", BigId, nullable=True),
        sa.Column("message_version_id", BigId, nullable=True),
        sa.Column("chunk_id", BigId, nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "sending",
                "accepted",
                "failed",
                "skipped",
                "cancelled",
                "uncertain",
                name="deliverystate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("first_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("carried_by", BigId, nullable=True),
        sa.Column("rides_from", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name=op.f("fk_deliveries_broadcast_id_broadcasts")
        ),
        sa.ForeignKeyConstraint(["chunk_id"], ["chunks.id"], name=op.f("fk_deliveries_chunk_id_chunks")),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolments.id"], name=op.f("fk_deliveries_enrolment_id_enrolments")
        ),
        sa.ForeignKeyConstraint(
            ["friend_id"], ["friends.id"], name=op.f("fk_deliveries_friend_id_friends"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_version_id"],
            ["message_versions.id"],
            name=op.f("fk_deliveries_message_version_id_message_versions"),
        ),
        sa.ForeignKeyConstraint(
            ["step_id"], ["steps.id"], name=op.f("fk_deliveries_step_id_steps"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("broadcast_id", "friend_id", name=op.f("uq_deliveries_broadcast_id_friend_id")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_deliveries_broadcast_id_state", ["broadcast_id", "state"], unique=False)
        batch_op.create_index(
            "ix_deliveries_carried_by",
            ["carried_by"],
            unique=False,
            sqlite_where=sa.text("state = 'sending' AND carried_by IS NOT NULL"),
            postgresql_where=sa.text("state = 'sending' AND carried_by IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_deliveries_chunk_id",
            ["chunk_id"],
            unique=False,
            sqlite_where=sa.text("chunk_id IS NOT NULL"),
            postgresql_where=sa.text("chunk_id IS NOT NULL"),
        )
        batch_op.create_index("ix_deliveries_created_at", ["created_at"], unique=False)
        batch_op.create_index("ix_deliveries_friend_id_created_at", ["friend_id", "created_at"], unique=False)
        batch_op.create_index(
            "ix_deliveries_sending_replies",
            ["created_at"],
            unique=False,
            sqlite_where=sa.text("state = 'sending' AND kind = 'reply'"),
            postgresql_where=sa.text("state = 'sending' AND kind = 'reply'"),
        )
        batch_op.create_index(
            "ix_deliveries_step_id_state_ended_at",
            ["step_id", "state", "ended_at"],
            unique=False,
            sqlite_where=sa.text("step_id IS NOT NULL"),
            postgresql_where=sa.text("step_id IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_deliveries_uncertain",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state = 'uncertain'"),
            postgresql_where=sa.text("state = 'uncertain'"),
        )
        batch_op.create_index(
            "ix_deliveries_waiting",
            ["not_before"],
            unique=False,
            sqlite_where=sa.text("state = 'queued' AND chunk_id IS NULL"),
            postgresql_where=sa.text("state = 'queued' AND chunk_id IS NULL"),
        )
        batch_op.create_index(
            "ix_deliveries_waiting_friend_id",
            ["friend_id"],
            unique=False,
            sqlite_where=sa.text("state = 'queued' AND chunk_id IS NULL"),
            postgresql_where=sa.text("state = 'queued' AND chunk_id IS NULL"),
        )
        batch_op.create_index(
            "uq_deliveries_enrolment_id_step_id",
            ["enrolment_id", "step_id"],
            unique=True,
            sqlite_where=sa.text("enrolment_id IS NOT NULL"),
            postgresql_where=sa.text("enrolment_id IS NOT NULL"),
        )

    op.create_table(
        "attempts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("delivery_id", BigId, nullable=True),
        sa.Column("chunk_id", BigId, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("accepted_request_id", sa.String(length=64), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["chunk_id"], ["chunks.id"], name=op.f("fk_attempts_chunk_id_chunks"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_attempts_delivery_id_deliveries"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attempts_chunk_id"), ["chunk_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attempts_delivery_id"), ["delivery_id"], unique=False)

    op.create_table(
        "savings",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column(
            "way", sa.Enum("bundle", "reply", name="way", native_enum=False, length=32), nullable=False
        ),
        sa.Column("price_sen", sa.Integer(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month", "way", "price_sen", name=op.f("pk_savings")),
    )
    op.create_table(
        "delivery_bodies",
        sa.Column("delivery_id", BigId, nullable=False),
        sa.Column("messages", sa.Text(), nullable=False),
        sa.Column("reply_token", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_delivery_bodies_delivery_id_deliveries"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_delivery_bodies")),
    )
    op.create_table(
        "lost_tries",
        sa.Column("delivery_id", BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("is_message", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("chunk_id", BigId, nullable=True),
        sa.Column("messages", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["chunk_id"], ["chunks.id"], name=op.f("fk_lost_tries_chunk_id_chunks")),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_lost_tries_delivery_id_deliveries"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_lost_tries")),
    )
    op.create_table(
        "step_passes",
        sa.Column("id", BigId, nullable=False),
        sa.Column("step_id", BigId, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("arm", sa.String(length=64), nullable=False),
        sa.Column("friends", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["step_id"], ["steps.id"], name=op.f("fk_step_passes_step_id_steps"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_passes")),
    )
    with op.batch_alter_table("step_passes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_step_passes_step_id"), ["step_id"], unique=False)

    op.create_table(
        "step_blocks",
        sa.Column("delivery_id", BigId, nullable=False),
        sa.Column("step_id", BigId, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_step_blocks_delivery_id_deliveries"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["step_id"], ["steps.id"], name=op.f("fk_step_blocks_step_id_steps"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_step_blocks")),
    )
    with op.batch_alter_table("step_blocks", schema=None) as batch_op:
        batch_op.create_index("ix_step_blocks_step_id_at", ["step_id", "at"], unique=False)

    op.create_table(
        "friend_notes",
        sa.Column("id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["friend_id"],
            ["friends.id"],
            name=op.f("fk_friend_notes_friend_id_friends"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_friend_notes")),
    )
    with op.batch_alter_table("friend_notes", schema=None) as batch_op:
        batch_op.create_index("ix_friend_notes_friend_id_at", ["friend_id", "at"], unique=False)

    op.create_table(
        "taggings",
        sa.Column("id", BigId, nullable=False),
        sa.Column("tag_id", BigId, nullable=True),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("adds", sa.Boolean(), nullable=False),
        sa.Column("choice", Json, nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "done",
                "stopped",
                "undoing",
                "undone",
                name="taggingstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("through", BigId, nullable=False),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name=op.f("fk_taggings_tag_id_tags"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_taggings")),
    )
    op.create_table(
        "tagging_friends",
        sa.Column("tagging_id", BigId, nullable=False),
        sa.Column("friend_id", BigId, nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=True),
        sa.Column("set_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["friend_id"],
            ["friends.id"],
            name=op.f("fk_tagging_friends_friend_id_friends"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tagging_id"],
            ["taggings.id"],
            name=op.f("fk_tagging_friends_tagging_id_taggings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tagging_id", "friend_id", name=op.f("pk_tagging_friends")),
    )
    with op.batch_alter_table("tagging_friends", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tagging_friends_friend_id"), ["friend_id"], unique=False)

    op.create_table(
        "data_exports",
        sa.Column("id", BigId, nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "done",
                "cancelled",
                "failed",
                "gone",
                name="exportstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("size", BigId, nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_exports")),
    )
    op.create_table(
        "export_pieces",
        sa.Column("export_id", BigId, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"],
            ["data_exports.id"],
            name=op.f("fk_export_pieces_export_id_data_exports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("export_id", "number", name=op.f("pk_export_pieces")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("export_pieces")
    op.drop_table("data_exports")
    with op.batch_alter_table("tagging_friends", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tagging_friends_friend_id"))

    op.drop_table("tagging_friends")
    op.drop_table("taggings")
    with op.batch_alter_table("friend_notes", schema=None) as batch_op:
        batch_op.drop_index("ix_friend_notes_friend_id_at")

    op.drop_table("friend_notes")
    with op.batch_alter_table("step_blocks", schema=None) as batch_op:
        batch_op.drop_index("ix_step_blocks_step_id_at")

    op.drop_table("step_blocks")
    with op.batch_alter_table("step_passes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_step_passes_step_id"))

    op.drop_table("step_passes")
    op.drop_table("savings")
    op.drop_table("lost_tries")
    op.drop_table("delivery_bodies")
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attempts_delivery_id"))
        batch_op.drop_index(batch_op.f("ix_attempts_chunk_id"))

    op.drop_table("attempts")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_deliveries_waiting_friend_id",
            sqlite_where=sa.text("state = 'queued' AND chunk_id IS NULL"),
            postgresql_where=sa.text("state = 'queued' AND chunk_id IS NULL"),
        )
        batch_op.drop_index(
            "ix_deliveries_uncertain",
            sqlite_where=sa.text("state = 'uncertain'"),
            postgresql_where=sa.text("state = 'uncertain'"),
        )
        batch_op.drop_index(
            "ix_deliveries_waiting",
            sqlite_where=sa.text("state = 'queued' AND chunk_id IS NULL"),
            postgresql_where=sa.text("state = 'queued' AND chunk_id IS NULL"),
        )
        batch_op.drop_index(
            "ix_deliveries_step_id_state_ended_at",
            sqlite_where=sa.text("step_id IS NOT NULL"),
            postgresql_where=sa.text("step_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_deliveries_sending_replies",
            sqlite_where=sa.text("state = 'sending' AND kind = 'reply'"),
            postgresql_where=sa.text("state = 'sending' AND kind = 'reply'"),
        )
        batch_op.drop_index("ix_deliveries_friend_id_created_at")
        batch_op.drop_index("ix_deliveries_created_at")
        batch_op.drop_index(
            "ix_deliveries_chunk_id",
            sqlite_where=sa.text("chunk_id IS NOT NULL"),
            postgresql_where=sa.text("chunk_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_deliveries_carried_by",
            sqlite_where=sa.text("state = 'sending' AND carried_by IS NOT NULL"),
            postgresql_where=sa.text("state = 'sending' AND carried_by IS NOT NULL"),
        )
        batch_op.drop_index("ix_deliveries_broadcast_id_state")

    op.drop_table("deliveries")
    with op.batch_alter_table("chunks", schema=None) as batch_op:
        batch_op.drop_index("ix_chunks_state_next_attempt_at")
        batch_op.drop_index(batch_op.f("ix_chunks_broadcast_id"))

    op.drop_table("chunks")
    with op.batch_alter_table("questions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_questions_friend_id"))
        batch_op.drop_index(batch_op.f("ix_questions_answered_at"))
        batch_op.drop_index(
            "ix_questions_waiting",
            sqlite_where=sa.text("answered_at IS NULL AND overdue_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL AND overdue_at IS NULL"),
        )

    op.drop_table("questions")
    with op.batch_alter_table("purchase_items", schema=None) as batch_op:
        batch_op.drop_index("ix_purchase_items_product_id_purchase_id")

    op.drop_table("purchase_items")
    with op.batch_alter_table("friend_tags", schema=None) as batch_op:
        batch_op.drop_index("ix_friend_tags_tag_id_set_at")
        batch_op.drop_index("ix_friend_tags_tag_id_friend_id")

    op.drop_table("friend_tags")
    with op.batch_alter_table("enrolments", schema=None) as batch_op:
        batch_op.drop_index("ix_enrolments_state_next_at")
        batch_op.drop_index("ix_enrolments_scenario_id_state")
        batch_op.drop_index("ix_enrolments_next_step_id")
        batch_op.drop_index(batch_op.f("ix_enrolments_friend_id"))

    op.drop_table("enrolments")
    op.drop_table("broadcast_results")
    with op.batch_alter_table("broadcasts", schema=None) as batch_op:
        batch_op.drop_index("ix_broadcasts_state_scheduled_at")

    op.drop_table("broadcasts")
    with op.batch_alter_table("touched", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_touched_friend_id"))

    op.drop_table("touched")
    op.drop_table("tags")
    with op.batch_alter_table("survey_answers", schema=None) as batch_op:
        batch_op.drop_index("ix_survey_answers_question_at")
        batch_op.drop_index("ix_survey_answers_friend_id_question_at")

    op.drop_table("survey_answers")
    op.drop_table("steps")
    with op.batch_alter_table("stage_changes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stage_changes_friend_id"))
        batch_op.drop_index(batch_op.f("ix_stage_changes_at"))

    op.drop_table("stage_changes")
    op.drop_table("segment_versions")
    op.drop_table("segment_sizes")
    op.drop_table("segment_moves")
    op.drop_table("campaign_days")
    op.drop_table("day_counts")
    with op.batch_alter_table("segment_members", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_segment_members_friend_id"))

    op.drop_table("segment_members")
    with op.batch_alter_table("refused_lines", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refused_lines_import_run_id"))

    op.drop_table("refused_lines")
    with op.batch_alter_table("referrals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_referrals_referrer_id"))

    op.drop_table("referrals")
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decisions_at"))

    op.drop_table("decisions")
    with op.batch_alter_table("trust_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_trust_entries_friend_id_id")

    op.drop_table("trust_entries")
    with op.batch_alter_table("point_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_point_entries_purchase_id"))
        batch_op.drop_index(batch_op.f("ix_point_entries_friend_id"))
        batch_op.drop_index(
            "ix_point_entries_expiring",
            sqlite_where=sa.text("expired_at IS NULL AND expires_at IS NOT NULL"),
            postgresql_where=sa.text("expired_at IS NULL AND expires_at IS NOT NULL"),
        )

    op.drop_table("point_entries")
    with op.batch_alter_table("coupon_grants", schema=None) as batch_op:
        batch_op.drop_index("uq_coupon_grants_cause")
        batch_op.drop_index(
            "ix_coupon_grants_redeemed_at",
            sqlite_where=sa.text("redeemed_at IS NOT NULL"),
            postgresql_where=sa.text("redeemed_at IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_coupon_grants_purchase_id"))
        batch_op.drop_index(batch_op.f("ix_coupon_grants_friend_id"))
        batch_op.drop_index(batch_op.f("ix_coupon_grants_expires_at"))

    op.drop_table("coupon_grants")

    with op.batch_alter_table("purchases", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_purchases_member_number",
            sqlite_where=sa.text("member_number IS NOT NULL"),
            postgresql_where=sa.text("member_number IS NOT NULL"),
        )
        batch_op.drop_index("ix_purchases_friend_id_bought_at")
        batch_op.drop_index("ix_purchases_bought_at")

    op.drop_table("purchases")
    op.drop_table("form_drafts")
    op.drop_table("next_products")
    op.drop_table("message_versions")
    with op.batch_alter_table("member_link_codes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_member_link_codes_member_number"))

    op.drop_table("member_link_codes")
    with op.batch_alter_table("member_link_attempts", schema=None) as batch_op:
        batch_op.drop_index("ix_member_link_attempts_friend_id_at")

    op.drop_table("member_link_attempts")
    with op.batch_alter_table("link_taps", schema=None) as batch_op:
        batch_op.drop_index("ix_link_taps_delivery_id")
        batch_op.drop_index("ix_link_taps_link_id_at")
        batch_op.drop_index("ix_link_taps_friend_id_link_id_at")

    op.drop_table("link_taps")
    with op.batch_alter_table("facts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_facts_stage"))
        batch_op.drop_index(batch_op.f("ix_facts_review_at"))
        batch_op.drop_index(batch_op.f("ix_facts_last_purchase_at"))
        batch_op.drop_index(
            "ix_facts_trust_red_until",
            sqlite_where=sa.text("trust_red_until IS NOT NULL"),
            postgresql_where=sa.text("trust_red_until IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_facts_subscription_until",
            sqlite_where=sa.text("subscription_until IS NOT NULL"),
            postgresql_where=sa.text("subscription_until IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_facts_complained_at",
            sqlite_where=sa.text("complained_at IS NOT NULL"),
            postgresql_where=sa.text("complained_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_facts_last_contacted_at",
            sqlite_where=sa.text("last_contacted_at IS NOT NULL"),
            postgresql_where=sa.text("last_contacted_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_facts_last_reaction_at",
            sqlite_where=sa.text("last_reaction_at IS NOT NULL"),
            postgresql_where=sa.text("last_reaction_at IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_facts_first_purchase_at",
            sqlite_where=sa.text("first_purchase_at IS NOT NULL"),
            postgresql_where=sa.text("first_purchase_at IS NOT NULL"),
        )

    op.drop_table("facts")
    with op.batch_alter_table("cycles", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_cycles_unreminded",
            sqlite_where=sa.text("reminded_at IS NULL"),
            postgresql_where=sa.text("reminded_at IS NULL"),
        )
        batch_op.drop_index("ix_cycles_category_slip_at")
        batch_op.drop_index("ix_cycles_category_lapse_at")
        batch_op.drop_index("ix_cycles_category_due_at")

    op.drop_table("cycles")
    with op.batch_alter_table("customer_events", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_customer_events_unread",
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )
        batch_op.drop_index("ix_customer_events_counted_by_day")
        batch_op.drop_index(batch_op.f("ix_customer_events_friend_id"))

    op.drop_table("customer_events")
    op.drop_table("chat_media")
    with op.batch_alter_table("menu_links", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_menu_links_line_rich_menu_id",
            sqlite_where=sa.text("line_rich_menu_id IS NOT NULL"),
            postgresql_where=sa.text("line_rich_menu_id IS NOT NULL"),
        )

    op.drop_table("menu_links")
    op.drop_table("chat_viewers")
    with op.batch_alter_table("chat_states", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_chat_states_assigned_to_id",
            sqlite_where=sa.text("assigned_to_id IS NOT NULL"),
            postgresql_where=sa.text("assigned_to_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_chat_states_answer_delivery_id",
            sqlite_where=sa.text("answer_delivery_id IS NOT NULL"),
            postgresql_where=sa.text("answer_delivery_id IS NOT NULL"),
        )

    op.drop_table("chat_states")
    op.drop_table("operators")
    with op.batch_alter_table("chat_messages", schema=None) as batch_op:
        batch_op.drop_index("ix_chat_messages_friend_id_at")
        batch_op.drop_index(batch_op.f("ix_chat_messages_delivery_id"))

    op.drop_table("chat_messages")
    op.drop_table("audience_members")
    op.drop_table("settings")
    op.drop_table("segments")
    op.drop_table("scenarios")
    op.drop_table("rich_menus")
    op.drop_table("saved_replies")
    op.drop_table("retired_menus")
    op.drop_table("picture_files")
    op.drop_table("pictures")
    op.drop_table("menu_designs")
    op.drop_table("rate_buckets")
    op.drop_table("quota_checks")
    op.drop_table("message_meters")
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_products_category"))

    op.drop_table("products")
    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_policies_name"))

    op.drop_table("policies")
    op.drop_table("messages")
    with op.batch_alter_table("login_attempts", schema=None) as batch_op:
        batch_op.drop_index("ix_login_attempts_login_at")
        batch_op.drop_index("ix_login_attempts_address_at")

    op.drop_table("login_attempts")
    op.drop_table("links")
    with op.batch_alter_table("line_calls", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_line_calls_at"))

    op.drop_table("line_calls")
    with op.batch_alter_table("inbound_events", schema=None) as batch_op:
        batch_op.drop_index("ix_inbound_events_state_kind")
        batch_op.drop_index(
            "ix_inbound_events_pending",
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.drop_index(batch_op.f("ix_inbound_events_line_message_id"))

    op.drop_table("inbound_events")
    with op.batch_alter_table("import_runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_runs_upload_id"))

    op.drop_table("import_runs")
    op.drop_table("upload_parts")
    with op.batch_alter_table("uploads", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_uploads_uploaded_at"))
        batch_op.drop_index(batch_op.f("ix_uploads_digest"))

    op.drop_table("uploads")
    op.drop_table("heartbeats")
    with op.batch_alter_table("friends", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_friends_route"))
        batch_op.drop_index(
            "ix_friends_last_wrote_at",
            sqlite_where=sa.text("last_wrote_at IS NOT NULL"),
            postgresql_where=sa.text("last_wrote_at IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_friends_followed_at"))
        batch_op.drop_index(
            "ix_friends_birthday",
            sqlite_where=sa.text("birthday IS NOT NULL"),
            postgresql_where=sa.text("birthday IS NOT NULL"),
        )

    op.drop_table("friends")
    op.drop_table("coupons")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entries_at"))
        batch_op.drop_index("ix_audit_entries_actor_id")

    op.drop_table("audit_entries")
    with op.batch_alter_table("review_decisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_decisions_starts_on"))

    op.drop_table("review_decisions")
    op.drop_table("policy_trials")
    op.drop_table("audiences")
    op.drop_table("api_keys")
