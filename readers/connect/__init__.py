"""Ways to a card, each a `Connection`: in process, PC/SC, replay of a trace; and the layers that wrap one."""
