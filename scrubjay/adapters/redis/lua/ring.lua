-- Put wake-up messages down where lanes are ready and there are too few of them. KEYS queue; ARGV how many there may be, messages ...
-- Returns how many were put down.
-- with _ready
return ring(KEYS[1], ARGV[1], { unpack(ARGV, 2) })
