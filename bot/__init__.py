"""Kokyaku's surfaces: everything that speaks Flask, LINE, HTTP or a terminal."""
