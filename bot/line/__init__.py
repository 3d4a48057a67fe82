"""Everything that speaks to the LINE platform: what comes in, what is answered, what goes out."""
