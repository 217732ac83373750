"""The commands, a file each: arguments in, tables and files out. Nothing is computed here."""
