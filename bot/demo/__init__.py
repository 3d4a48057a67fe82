"""Sample data for a first look: a small shop, its friends on the simulator, a year of purchases."""
