"""What does it look like? The only room that draws with matplotlib."""
