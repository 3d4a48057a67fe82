"""What goes out, to whom and when."""
