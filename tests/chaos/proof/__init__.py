"""Takes the mechanism behind each invariant out, one at a time, and shows that its test notices."""
