"""Every kind of bad answer and of provider trouble, over the whole stack: one row of data a kind."""
