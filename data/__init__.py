"""The sample company: the script that makes it, its files and its truth."""
