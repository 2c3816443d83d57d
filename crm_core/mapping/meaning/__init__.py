"""What tables and columns mean: from names and values to grain, fields, formats and doubts. `suggest` is the door."""
