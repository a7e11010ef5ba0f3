"""A PC/SC service of our own: programs linked with pcsc-lite see our cards, without pcscd, driver or root."""
