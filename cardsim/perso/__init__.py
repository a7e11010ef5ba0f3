"""From declarations and a holder's data to a card's memory; pure."""
