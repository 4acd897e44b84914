"""Groups of people who support each other: their places, their people, their shared hours."""
