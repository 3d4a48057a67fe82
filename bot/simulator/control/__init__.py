"""The simulator's own controls under /sim: people and what they do, figures, faults, settings."""
