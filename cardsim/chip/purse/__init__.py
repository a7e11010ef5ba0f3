"""The electronic purse: its file, and the transaction that two commands make."""
