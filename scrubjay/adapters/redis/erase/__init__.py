"""Redis' side of an erase: lanes that are held, steps, watermarks, what is left, receipts."""
