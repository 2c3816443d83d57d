"""How a decided mapping is carried out: typed rows, canonical tables, rejects and the receipt. `build` is the door."""
