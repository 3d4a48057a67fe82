"""The leaves of a condition tree, a file a subject; segments.condition_leaves names them all."""
