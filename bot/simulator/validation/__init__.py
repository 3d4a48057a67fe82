"""What LINE accepts as a message, an action, a rich menu: rules built from small checks, and its error phrases."""
