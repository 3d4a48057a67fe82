"""The tables in which the simulated platform remembers."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS people (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('friend', 'blocked', 'stranger')),
    was_friend INTEGER NOT NULL DEFAULT 0,
    wrote_at INTEGER,
    rich_menu TEXT
);
CREATE INDEX IF NOT EXISTS people_by_status ON people (status, no);
CREATE TABLE IF NOT EXISTS sends (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    at INTEGER NOT NULL,
    day TEXT NOT NULL,
    body_hash TEXT NOT NULL,
    messages TEXT NOT NULL,
    message_ids TEXT NOT NULL,
    unit TEXT,
    delivered INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS sends_by_request ON sends (request_id);
CREATE TABLE IF NOT EXISTS chat (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    person INTEGER NOT NULL,
    at INTEGER NOT NULL,
    send INTEGER,
    message_id TEXT,
    incoming TEXT,
    content BLOB,
    unsent INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS chat_by_person ON chat (person, no);
CREATE INDEX IF NOT EXISTS chat_by_message ON chat (message_id) WHERE message_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS usage (month TEXT PRIMARY KEY, messages INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS daily (
    day TEXT NOT NULL, endpoint TEXT NOT NULL, messages INTEGER NOT NULL, PRIMARY KEY (day, endpoint)
);
CREATE TABLE IF NOT EXISTS units (month TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (month, name));
CREATE TABLE IF NOT EXISTS retry_keys (
    key TEXT PRIMARY KEY, at INTEGER NOT NULL, request_id TEXT NOT NULL, body_hash TEXT NOT NULL, sent TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS narrowcasts (
    request_id TEXT PRIMARY KEY, at INTEGER NOT NULL, target INTEGER NOT NULL, error TEXT, code INTEGER
);
CREATE TABLE IF NOT EXISTS reply_tokens (
    token TEXT PRIMARY KEY, person INTEGER, event_at INTEGER NOT NULL, sent_at INTEGER, used INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS link_tokens (token TEXT PRIMARY KEY, person INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS access_tokens (token TEXT PRIMARY KEY, kind TEXT NOT NULL, expires_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS rich_menus (
    id TEXT PRIMARY KEY, no INTEGER NOT NULL, menu TEXT NOT NULL, image BLOB, image_type TEXT
);
CREATE TABLE IF NOT EXISTS menu_aliases (alias TEXT PRIMARY KEY, menu TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS menu_batches (request_id TEXT PRIMARY KEY, at INTEGER NOT NULL, phase TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS webhooks (
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    status INTEGER,
    ms INTEGER,
    error TEXT
);
CREATE INDEX IF NOT EXISTS webhooks_by_state ON webhooks (state, no);
CREATE TABLE IF NOT EXISTS requests (
    endpoint TEXT NOT NULL, status INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (endpoint, status)
);
"""

TABLES = (
    "settings", "counters", "people", "sends", "chat", "usage", "daily", "units", "retry_keys", "narrowcasts",
    "reply_tokens", "link_tokens", "access_tokens", "rich_menus", "menu_aliases", "menu_batches", "webhooks", "requests",
)  # fmt: skip
