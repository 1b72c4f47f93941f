"""What is the same for every surface on which Mem0's clients are served."""
