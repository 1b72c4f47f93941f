"""What every request passes before its route: the wire, the size of bodies, strict JSON, headers, local callers."""
