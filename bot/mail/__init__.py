"""Mail: the second way to a friend, over the shop's own mail server."""
