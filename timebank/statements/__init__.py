"""Hours on paper: a member's own, and the books of the community for those who look after them."""
