"""The reader side: serve a card to the world, reach any card, and talk to it as terminals do."""
