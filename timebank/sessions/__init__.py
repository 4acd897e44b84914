"""Sessions: what groups plan, on which dates, and who comes."""
