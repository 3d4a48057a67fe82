"""A stand-in for the LINE platform: same paths, shapes, limits and errors, reached by its base URL alone."""
