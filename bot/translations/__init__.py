"""The English catalogue beside the Japanese source, and the tool that keeps it complete."""
