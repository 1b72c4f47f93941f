"""What must not be kept or believed as it was said: secrets are masked, instructions to a prompt are found."""
