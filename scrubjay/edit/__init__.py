"""Changes that people make: edits of one memory or many, quarantine, imports and exports."""
