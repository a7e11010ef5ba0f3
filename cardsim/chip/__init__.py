"""The card itself, sans-IO: memory, files, security, dispatch, commands. Bytes in, bytes out."""
