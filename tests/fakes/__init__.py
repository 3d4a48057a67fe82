"""Stand-ins for what lies outside: the LINE platform and the clock."""
