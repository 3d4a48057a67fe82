"""Rehearsals: what the coming weeks would bring, lived on a copy of the shop with a clock that jumps."""
