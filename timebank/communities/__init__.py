"""A time bank of its own: name, place, rules of the house. The tenant of everything else."""
