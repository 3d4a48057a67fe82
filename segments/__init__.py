"""Who the customers are: friends, purchases, stages, cycles and segments."""
