"""What terminals do with a card, as generators that yield commands and receive responses: no I/O of their own."""
