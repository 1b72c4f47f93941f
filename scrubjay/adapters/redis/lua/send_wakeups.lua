-- Put wake-up messages down where lanes are ready and there are too few of them. KEYS queue; ARGV how many there may be, messages ...
-- Returns how many were put down.
-- with _ready
local queue = KEYS[1]
local most = ARGV[1]
return send_wakeups(queue, most, { unpack(ARGV, 2) })
