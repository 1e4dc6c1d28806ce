"""The parts of Bonfire that only exist in Python."""
