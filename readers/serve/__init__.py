"""Give a `CardPort` to other programs: the vpcd virtual reader, a private pcscd, and a trace of what the card sees."""
