"""The demo: two made-up communities that lived for two years, so that there is something to see."""
